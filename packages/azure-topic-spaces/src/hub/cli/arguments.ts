import { invalidArgument } from '@antiphon/core/link'
import { parseArgs } from 'node:util'

/** What `--help` prints. */
export const help = `antiphon-hub: a local hub with devices and topic spaces

Usage: antiphon-hub <command> -n <hub> [options]
The words "az iot hub" may come first, as in the command line of Azure.
A hub is the file <hub>.hub.json, which holds its devices' keys. A running hub follows every change of the file.

Hub commands
  create                                      creates the file; takes --host-name
  run                                         runs the hub until Ctrl-C

Topic space commands
  topic-space create                          takes --tsn, --tst and --template
  topic-space show | delete                   takes --tsn
  topic-space list

Device commands
  device-identity create                      takes -d; --am, --pk and --sk are optional
  device-identity show | delete               takes -d
  device-identity list
  device-identity update                      takes -d and --status
  device-identity connection-string show      takes -d

Command options
  -n, --hub-name <hub>                        the hub
  -d, --device-id <device>                    the device
  --tsn, --topic-space-name <name>            the topic space
  --tst, --topic-space-type <type>            PublishOnly, LowFanout or HighFanout
  --template, --topic-template <filter> ...   its templates, 1 to 5: topic filters in which
                                              \${principal.deviceid}, \${principal.deviceid|.suffix} and \${dollar}
                                              are filled in; quote them
  --am, --auth-method <method>                shared_private_key or x509_ca (default: shared_private_key)
  --pk, --primary-key <key>                   the device's first key, base64 (default: a random one)
  --sk, --secondary-key <key>                 its second key, base64; goes with --pk
  --host-name <name>                          the name that devices sign for (default: localhost)
  --status <status>                           enabled or disabled
  --directory <directory>                     where the hub's file is (default: the current directory)

Listeners of run (port 0 takes any free port; default: --tls 8883)
  --tls <port>, --wss <port>                  MQTT or WebSocket over TLS; needs --cert and --key
  --tcp <port>, --ws <port>                   MQTT or WebSocket without TLS
  --cert <file>, --key <file>                 the certificate chain and its private key, PEM
  --host <address>                            the address to listen on (default: 127.0.0.1, this machine only)

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
] as const

/** An option, by its long name. */
export type OptionName = (typeof names)[number]

/** Other names of options, as Azure's command line has them. */
const aliases: Readonly<Record<string, OptionName>> = {
  tsn: 'topic-space-name',
  tst: 'topic-space-type',
  'topic-template': 'template',
  am: 'auth-method',
  pk: 'primary-key',
  sk: 'secondary-key',
}

const text = { type: 'string' } as const

const options = {
  ...Object.fromEntries([...names, ...Object.keys(aliases)].map((name) => [name, text])),
  'hub-name': { ...text, short: 'n' },
  'device-id': { ...text, short: 'd' },
  help: { type: 'boolean', short: 'h' },
} as const

/** The options of the command, without their dashes. */
export const optionNames: readonly string[] = Object.keys(options)

/** A command line taken apart. */
export interface CommandLine {
  /** Such as `topic-space create`. */
  readonly command: string
  /** The only value of an option; `undefined` if the option is not given. */
  readonly optional: (name: OptionName) => string | undefined
  /** The only value of an option; throws `invalid-argument` if the option is not given. */
  readonly required: (name: OptionName) => string
  /** All values of an option. */
  readonly all: (name: OptionName) => readonly string[]
}

/** Reads a command line, or returns `help` if that is to be printed. Throws `invalid-argument`. */
export function readCommandLine(args: readonly string[]): CommandLine | 'help' {
  const { values, tokens } = parse(args)
  if (values['help'] === true) return 'help'
  const words: string[] = []
  const given = new Map<string, string[]>()
  // Further values of an option are positionals to parseArgs; as in Azure's command line they belong to the option.
  let current = words
  for (const token of tokens) {
    if (token.kind === 'positional') current.push(token.value)
    else if (token.kind === 'option-terminator') current = words
    else {
      const name = aliases[token.name] ?? token.name
      current = given.get(name) ?? []
      given.set(name, current)
      if (token.value !== undefined) current.push(token.value)
    }
  }
  if (words.length === 0) return 'help'
  const all = (name: OptionName): readonly string[] => given.get(name) ?? []
  const optional = (name: OptionName): string | undefined => {
    const [value, ...others] = all(name)
    if (others.length > 0) throw refused(`--${name} has ${others.length + 1} values: it takes one`)
    return value
  }
  const required = (name: OptionName): string => {
    const value = optional(name)
    if (value === undefined) throw refused(`--${name} is missing`)
    return value
  }
  return { command: words.join(' ').replace(/^az iot hub /, ''), optional, required, all }
}

/** The error of a command line that cannot be carried out. */
export function refused(why: string): Error {
  return invalidArgument(`${why}; see --help`)
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], allowPositionals: true, tokens: true, options })
  } catch (error) {
    throw refused(reasonOf(error))
  }
}

/** The reason in one line, without Node's advice on positionals. */
function reasonOf(error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error)
  return reason.replace(/\. To specify a positional.*|\.$/s, '').replaceAll('\n', ' ')
}
