import { Option } from 'commander'
import { exampleText } from '../examples.js'
import { addConnectionFlags } from '../flags/connection-flags.js'
import { addDiscoveryFlags, type DiscoveryFlags } from '../flags/discovery-flags.js'
import { addOutputFlags } from '../flags/output-flags.js'
import type { AddCommand } from './add-command.js'

const about = {
  ls: 'lists the services that announce themselves',
  info: 'describes the endpoints of services',
  stats: 'prints the counts and processing times of services',
  ping: 'prints the services that respond',
} as const

/** Returns what adds `antiphon ls`, `info`, `stats` or `ping`. */
export function addDiscovery(name: keyof typeof about): AddCommand {
  return (program, { host, start }) => {
    const command = program
      .command(name)
      .summary(about[name])
      .description(`${about[name].replace(/^./, (letter) => letter.toUpperCase())}.`)
      .argument('[service]', 'only the services of this name')
    addDiscoveryFlags(command)
    if (name === 'ls')
      command.addOption(
        new Option('-w, --watch', 'follow which services come and go, until Ctrl-C').helpGroup(
          'Discovery options:',
        ),
      )
    addConnectionFlags(command)
    addOutputFlags(command)
    command.addHelpText('after', exampleText(name))
    command.action((service: string | undefined, flags: DiscoveryFlags) =>
      start(async () => {
        const { runDiscovery } = await import('../discovery/run-discovery.js')
        return runDiscovery(name, service, flags, host)
      }),
    )
  }
}
