"""What reaches outside: database, SMTP, queue, templates on disk. Each fulfils a port."""
