"""The parts of the disposable lab: what it consists of, its images, hosts, certificates, faults. See ../lab.py."""
