import type { Link } from '@antiphon/core'
import { linkOver } from '@antiphon/core/link'
import { mqttTransport } from '@antiphon/mqtt'
import { filter, ignoreElements, map, takeWhile, type Observable } from 'rxjs'
import { withContext } from './contexts.js'
import type { ConnectionFlags } from '../flags/connection-flags.js'
import type { Host } from '../host.js'
import { toConnectArguments } from './connect-options.js'
import { logPackets } from './packet-log.js'

/** A link to the broker that the options name. */
export interface OpenLink {
  readonly link: Link
  /** The broker, for people: its URL without user and password. */
  readonly broker: string
  /** Errors if the first connection fails, unless the command waits for the broker; completes once connected. */
  readonly connected$: Observable<never>
}

/** Creates the link of a command. `printPacket` is called for each packet, if it is set. */
export async function openLink(
  flags: ConnectionFlags,
  env: Host['env'],
  printPacket?: (line: string) => void,
): Promise<OpenLink> {
  const connection = await withContext(flags, env)
  const { url, options, linkOptions } = await toConnectArguments(connection, env)
  const transport = mqttTransport(url, options)
  const link = linkOver(
    printPacket === undefined ? transport : logPackets(transport, printPacket),
    linkOptions,
  )
  const connected$ = link.state$.pipe(
    takeWhile(({ status }) => status !== 'online' && status !== 'closed'),
    filter((state) => state.status === 'offline'),
    map(({ error }): void => {
      if (connection.waitForBroker !== true) throw error
    }),
    ignoreElements(),
  )
  return { link, broker: url.map(withoutUser).join(', '), connected$ }
}

function withoutUser(url: string): string {
  return url.replace(/\/\/[^/@]*@/, '//')
}
