/** The text that `--help` prints. */
export const help = `antiphon-broker: an MQTT 5 and 3.1.1 broker

Usage: antiphon-broker [options]
       antiphon-broker passwd <file> <user>        sets a user's password; see its --help
       antiphon-broker export <directory> [file]   writes the storage of --data as lines of JSON
       antiphon-broker import <directory> [file]   reads such lines into a new storage

Config file
  --config <file>          reads settings from a .toml or .json file; the options below override it
  --check-config           prints what is wrong with the settings and their files, and exits

Listeners (port 0 takes any free port; default: --port 1883)
  --port <port>            MQTT over TCP
  --tls <port>             MQTT over TLS; needs --cert and --key, or --dev-tls
  --ws <port>              MQTT over WebSocket
  --wss <port>             MQTT over WebSocket over TLS; needs --cert and --key, or --dev-tls
  --host <address>         the address to listen on (default: 127.0.0.1, this machine only)
  --path <path>            the only path that WebSocket clients may use (default: any)

TLS
  --dev-tls                a certificate for localhost, for development; prints how to trust it
                           (default port: --tls 8883)
  --cert <file>            the certificate chain, PEM
  --key <file>             its private key, PEM
  --ca <file>              certificate authorities, PEM; clients must then present a certificate
  --crl <file>             a certificate revocation list, PEM; needs --ca. May be repeated

Users (default: every client may connect)
  --user <name:password>   a user; clients must then connect as one of the users. May be repeated
  --password-file <file>   users with hashed passwords, as antiphon-broker passwd writes them
  --certificate-user       the common name of a client's certificate is its user; needs --ca
  --allow-anonymous        clients without user name may connect although there are users
  --acl-file <file>        what each user may read, write and subscribe to; anything else is denied

Storage (default: in memory)
  --data <directory>       stores sessions, queues and retained messages here; needs the package
                           classic-level

Limits
  --max-connections <n>    connections at a time (default: 10000)
  --max-packet <bytes>     the size of the largest packet (default: 1048576)
  --max-sessions <n>       sessions at a time, connected or not (default: 100000)
  --max-queue <n>          messages queued for one client (default: 10000)
  --max-total <bytes>      subscriptions, Wills and queued messages of all clients
                           (default: 536870912)
  --queue-policy <policy>  drop-new, drop-oldest or disconnect (default: drop-new)
  --session-policy <p>     end-oldest or refuse-new, at --max-sessions (default: end-oldest)
  --memory-policy <p>      drop-largest or refuse-new, at --max-total (default: drop-largest)
  --shared-offline <mode>  queue or skip: messages of a shared subscription without a connected
                           member (default: queue)

Other options
  --response-information <prefix>
                           the Response Information of clients that request it: the prefix of their
                           response topics
  --log-level <level>      prints events of this level and above: error, warn, info or debug
                           (default: error)
  --json                   prints each line as JSON, with the time; payloads are text or hexadecimal
  --monitor <port>         serves /metrics for Prometheus, /healthz and /readyz over HTTP on
                           127.0.0.1 (default: off)
  --sys-period <ms>        publishes statistics below $SYS/broker/, every so many milliseconds
                           (default: off)
  --verbose                the same as --log-level debug --json
  -h, --help               prints this help
  --version                prints the version

SIGHUP reads the password file, the ACL file, certificates and revocation lists again, without
dropping connections.
Ctrl-C closes the listeners, waits for messages in flight and exits; a second Ctrl-C exits at once.`
