# Mail that fails its domain's DMARC policy is spam, by this server's own verdict.
require ["fileinto", "mailbox"];
if header :contains "Authentication-Results" "dmarc=fail" {
    fileinto :create "Junk";
}
