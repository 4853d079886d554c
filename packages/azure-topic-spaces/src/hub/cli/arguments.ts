import { invalidArgument, quoted } from '@antiphon/core/link'

/** What `--help` prints. */
export const help = `antiphon-hub: a local hub with devices and topic spaces

Usage: antiphon-hub <command> -n HUB [options]
The words "az iot hub" may stand in front, as in the cloud's own command line.

A hub is a file, HUB.hub.json. It holds the devices' keys; a running hub follows every change of it.
  create                                  makes one [--host-name NAME, what devices sign for: localhost]
  run                                     runs it, until Ctrl-C

Topic spaces
  topic-space create                      --tsn NAME --tst TYPE --template TEMPLATE [TEMPLATE …]
  topic-space show | delete               --tsn NAME
  topic-space list
  TYPE is PublishOnly, LowFanout or HighFanout. A TEMPLATE is a topic filter, 1 to 5 of them, in which
  \${principal.deviceid}, \${principal.deviceid|.suffix} and \${dollar} are filled in: quote it.

Devices
  device-identity create                  -d DEVICE [--am shared_private_key | x509_ca] [--pk KEY --sk KEY, base64]
  device-identity show | delete           -d DEVICE
  device-identity list
  device-identity update                  -d DEVICE --status enabled | disabled
  device-identity connection-string show  -d DEVICE

Options
  -n, --hub-name HUB                      the hub
  -d, --device-id DEVICE                  the device
  --tsn, --topic-space-name NAME          the topic space
  --tst, --topic-space-type TYPE          its type
  --template, --topic-template TEMPLATE   its templates
  --am, --auth-method METHOD              how a device proves who it is (default shared_private_key)
  --pk, --primary-key KEY                 its first key (default: made up)
  --sk, --secondary-key KEY               its second key
  --directory DIR                         where the file is (default: here)
  -h, --help                              prints this

Where run listens (port 0 takes any free one; without any of these: --tls 8883)
  --tls PORT, --wss PORT                  TLS; needs --cert FILE and --key FILE, PEM
  --tcp PORT, --ws PORT                   in the clear
  --host ADDRESS                          the address to listen on (default 127.0.0.1: this machine only)`

const names = {
  'hub-name': ['-n', '--hub-name'],
  'device-id': ['-d', '--device-id'],
  'topic-space-name': ['--tsn', '--topic-space-name'],
  'topic-space-type': ['--tst', '--topic-space-type'],
  template: ['--template', '--topic-template'],
  'auth-method': ['--am', '--auth-method'],
  'primary-key': ['--pk', '--primary-key'],
  'secondary-key': ['--sk', '--secondary-key'],
  'host-name': ['--host-name'],
  status: ['--status'],
  directory: ['--directory'],
  tls: ['--tls'],
  wss: ['--wss'],
  tcp: ['--tcp'],
  ws: ['--ws'],
  host: ['--host'],
  cert: ['--cert'],
  key: ['--key'],
} as const

/** An option, by its long name. */
export type OptionName = keyof typeof names

/** A command line taken apart. */
export interface CommandLine {
  /** Such as `topic-space create`. */
  readonly command: string
  /** The only value of an option; `undefined` where it is not given. */
  readonly optional: (name: OptionName) => string | undefined
  /** The only value of an option; throws `invalid-argument` where it is not given. */
  readonly required: (name: OptionName) => string
  /** All values of an option. */
  readonly all: (name: OptionName) => readonly string[]
}

/** Reads a command line; throws `invalid-argument` naming what is unknown. */
export function readCommandLine(args: readonly string[]): CommandLine | 'help' {
  const words: string[] = []
  const options = new Map<OptionName, string[]>()
  let current: string[] = words
  for (const arg of args) {
    if (arg === '-h' || arg === '--help') return 'help'
    if (!arg.startsWith('-')) {
      current.push(arg)
      continue
    }
    const name = (Object.keys(names) as OptionName[]).find((each) =>
      names[each].some((alias) => alias === arg),
    )
    if (name === undefined) throw invalidArgument(`the option ${quoted(arg)} is unknown: see --help`)
    current = options.get(name) ?? []
    options.set(name, current)
  }
  const all = (name: OptionName): readonly string[] => options.get(name) ?? []
  const optional = (name: OptionName): string | undefined => {
    const values = options.get(name)
    if (values === undefined) return undefined
    const [value, ...others] = values
    if (value === undefined || others.length > 0)
      throw invalidArgument(`the option --${name} has ${values.length} values: it takes one`)
    return value
  }
  const required = (name: OptionName): string => {
    const value = optional(name)
    if (value === undefined) throw invalidArgument(`the option --${name} is missing: see --help`)
    return value
  }
  if (words.length === 0) return 'help'
  return { command: words.join(' ').replace(/^az iot hub /, ''), optional, required, all }
}
