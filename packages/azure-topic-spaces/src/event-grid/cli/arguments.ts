import {
  optionNamesOf,
  parseCommandLine,
  type CommandLine as AnyCommandLine,
  type CommandLineSyntax,
} from '../../cli/command-line.js'

/** The text that `--help` prints. */
export const help = `antiphon-event-grid: a local MQTT broker with the terms of an Event Grid namespace

Usage: antiphon-event-grid <command> [options]
The words "az eventgrid namespace" may come first, as in the command line of Azure.
A namespace is stored in the file <namespace>.namespace.json. A running namespace reloads the file when it changes.

Namespace commands
  create                                 creates the file; takes --name, --sample and --output-dir
  run                                    runs the namespace until Ctrl-C; takes --name
  demo                                   runs the unlock story over TLS: a namespace, a car and a phone; needs no file

Resource commands, all with --namespace-name; list takes no --name
  client create | show | list | delete              create takes --authentication-name, --attributes, --thumbprint,
                                                    --state and --output-dir, and updates a client of the same name
  client-group create | show | list | delete        create takes --group-query
  topic-space create | show | list | delete         create takes --topic-templates
  permission-binding create | show | list | delete  create takes --client-group-name, --topic-space-name and --permission

Command options
  --namespace-name <namespace>           the namespace
  -n, --name <name>                      the resource; of create and run, the namespace
  --sample <sample>                      unlock: the client groups, topic spaces and permission bindings of the unlock
                                         story, with the clients car1 and mobile1; needs --output-dir
  --od, --output-dir <directory>         creates the certificate of a client here, <client>.crt and <client>.key
  --authentication-name <name>           the user name of the client (default: its name)
  --attributes <json>                    its attributes, such as '{"type":"car"}' (default: none)
  --thumbprint <hex> ...                 the SHA-256 thumbprints of its certificates, 1 or 2 (default: the common name of
                                         its certificate must be its authentication name)
  --state <state>                        Enabled or Disabled (default: Enabled)
  --group-query <query>                  which clients are in the group, such as 'attributes.type = "car"'
  --topic-templates <filter> ...         the templates of the space, 1 to 10: topic filters with the variables
                                         \${client.authenticationName} and \${client.attributes.<name>}; quote them
  --client-group-name <group>            the client group; $all contains every client
  --topic-space-name <space>             the topic space
  --permission <permission>              Publisher or Subscriber
  --directory <directory>                the directory of the file (default: the current directory)

Options of run
  --tls <port>, --wss <port>             MQTT or WebSocket over TLS; 0 takes any free port (default: --tls 8883)
  --cert <file>, --key <file>            the certificate chain and its private key, PEM
  --ca <file>                            authorities of clients, PEM
  --dev-tls                              a certificate for localhost, for development; prints how to trust it
  --host <address>                       the address to listen on (default: 127.0.0.1, this machine only)
  --session-expiry-hours <hours>         the longest session, 1 to 8 (default: 1)
  --sessions-per-name <count>            the sessions of one authentication name, 1 to 100 (default: 1)
  --data <directory>                     stores sessions and their queues here, so that they survive a restart; needs the
                                         package classic-level (default: in memory)

Options of run and demo
  --verbose                              prints each connection, refusal with its reason, subscription, publish and drop
  --json                                 prints the same as lines of JSON, with whole messages

Other options
  -h, --help                             prints this help`

const names = [
  'namespace-name',
  'name',
  'sample',
  'output-dir',
  'authentication-name',
  'attributes',
  'thumbprint',
  'state',
  'group-query',
  'topic-templates',
  'client-group-name',
  'topic-space-name',
  'permission',
  'directory',
  'tls',
  'wss',
  'cert',
  'key',
  'ca',
  'host',
  'session-expiry-hours',
  'sessions-per-name',
  'data',
] as const

const flags = ['verbose', 'json', 'dev-tls'] as const

type OptionName = (typeof names)[number]
type FlagName = (typeof flags)[number]

const syntax: CommandLineSyntax<OptionName, FlagName> = {
  names,
  flags,
  aliases: { od: 'output-dir' },
  letters: { name: 'n' },
  prefix: 'az eventgrid namespace',
}

/** The names of all options, without their dashes. */
export const optionNames: readonly string[] = optionNamesOf(syntax)

/** A parsed command line of `antiphon-event-grid`. */
export type CommandLine = AnyCommandLine<OptionName, FlagName>

/** Parses a command line. Returns `help` if it requests help or has no command. Throws `invalid-argument`. */
export function readCommandLine(args: readonly string[]): CommandLine | 'help' {
  return parseCommandLine(args, syntax)
}
