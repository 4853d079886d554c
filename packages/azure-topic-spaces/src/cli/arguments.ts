import {
  optionNamesOf,
  parseCommandLine,
  type CommandLine as AnyCommandLine,
  type CommandLineSyntax,
} from './command-line.js'

/** The text that `--help` prints. */
export const help = `antiphon-hub: a local hub with devices and topic spaces

Usage: antiphon-hub <command> -n <hub> [options]
The words "az iot hub" may come first, as in the command line of Azure.
A hub is stored in the file <hub>.hub.json, which contains the keys of its devices.
A running hub reloads the file when it changes.

Hub commands
  create                                      creates the file; takes --host-name
  run                                         runs the hub until Ctrl-C

Topic space commands
  topic-space create                          takes --tsn, --tst and --template
  topic-space show | delete                   takes --tsn
  topic-space list

Device commands
  device-identity create                      takes -d; --am, --pk, --sk and --od are optional
  device-identity show | delete               takes -d
  device-identity list
  device-identity update                      takes -d and --status
  device-identity connection-string show      takes -d; with --pn, the key is that of a policy
  invoke-device-method                        takes -d, --mn, --mp and --to; invokes a method of a device of the running hub

Policy commands (the key of a policy signs for every device)
  policy create                               takes --pn; --pk is optional
  policy show | delete                        takes --pn
  policy list

Command options
  -n, --hub-name <hub>                        the hub
  -d, --device-id <device>                    the device
  --tsn, --topic-space-name <name>            the topic space
  --tst, --topic-space-type <type>            PublishOnly, LowFanout or HighFanout
  --template, --topic-template <filter> ...   the templates of the space, 1 to 5: topic filters with the variables
                                              \${principal.deviceid}, \${principal.deviceid|.suffix} and \${dollar};
                                              quote them
  --am, --auth-method <method>                shared_private_key or x509_ca (default: shared_private_key)
  --pk, --primary-key <key>                   the device's primary key, base64 (default: random)
  --sk, --secondary-key <key>                 the device's secondary key, base64; needs --pk
  --od, --output-dir <directory>              with --am x509_ca: creates <device>.crt and <device>.key here; run trusts them
  --pn, --policy-name <policy>                the policy
  --mn, --method-name <method>                the method
  --mp, --method-payload <json>               its payload (default: null)
  --to, --timeout <seconds>                   the time to wait for its response, 5 to 300 (default: 30)
  --host-name <name>                          the host name in the devices' signatures (default: localhost)
  --status <status>                           enabled or disabled
  --directory <directory>                     the directory of the hub's file (default: the current directory)

Listeners of run (port 0 takes any free port; default: --tls 8883)
  --tls <port>, --wss <port>                  MQTT or WebSocket over TLS; needs --cert and --key, or --dev-tls
  --tcp <port>, --ws <port>                   MQTT or WebSocket without TLS
  --cert <file>, --key <file>                 the certificate chain and its private key, PEM
  --ca <file>                                 authorities of devices, whose CN is their id, PEM
  --dev-tls                                   a certificate for localhost, for development; prints how to trust it
  --host <address>                            the address to listen on (default: 127.0.0.1, this machine only)

What run stores and prints
  --data <directory>                          stores the sessions of devices and their queues here, so that they survive a
                                              restart; needs the package classic-level (default: in memory)
  --verbose                                   prints each connection, refusal with its reason, subscription, publish and drop
  --json                                      prints the same as lines of JSON, with whole messages

Other options
  -h, --help                                  prints this help`

const names = [
  'hub-name',
  'device-id',
  'topic-space-name',
  'topic-space-type',
  'template',
  'auth-method',
  'primary-key',
  'secondary-key',
  'host-name',
  'status',
  'directory',
  'tls',
  'wss',
  'tcp',
  'ws',
  'host',
  'cert',
  'key',
  'data',
  'ca',
  'output-dir',
  'policy-name',
  'method-name',
  'method-payload',
  'timeout',
] as const

const flags = ['verbose', 'json', 'dev-tls'] as const

type OptionName = (typeof names)[number]
type FlagName = (typeof flags)[number]

const syntax: CommandLineSyntax<OptionName, FlagName> = {
  names,
  flags,
  aliases: {
    tsn: 'topic-space-name',
    tst: 'topic-space-type',
    'topic-template': 'template',
    am: 'auth-method',
    pk: 'primary-key',
    sk: 'secondary-key',
    od: 'output-dir',
    pn: 'policy-name',
    mn: 'method-name',
    mp: 'method-payload',
    to: 'timeout',
  },
  letters: { 'hub-name': 'n', 'device-id': 'd' },
  prefix: 'az iot hub',
}

/** The names of all options, without their dashes. */
export const optionNames: readonly string[] = optionNamesOf(syntax)

/** A parsed command line of `antiphon-hub`. */
export type CommandLine = AnyCommandLine<OptionName, FlagName>

/** Parses a command line. Returns `help` if it requests help or has no command. Throws `invalid-argument`. */
export function readCommandLine(args: readonly string[]): CommandLine | 'help' {
  return parseCommandLine(args, syntax)
}
