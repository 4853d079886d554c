import { AntiphonError, type ConnectionInfo, type Link } from '@antiphon/core'
import { randomUUID } from 'node:crypto'
import { filter, firstValueFrom, map } from 'rxjs'
import { failingWith } from '../connection/failing-with.js'
import { openLink } from '../connection/open-link.js'
import { exitCodes } from '../exit-codes.js'
import type { CheckFlags } from '../flags/check-flags.js'
import type { Host } from '../host.js'
import { Printer } from '../output/printer.js'
import type { Capability, CheckContext } from './capability.js'
import { limitsOf } from './limits.js'
import { capabilityTests } from './tests.js'

/** The widest name of a capability. */
const nameWidth = Math.max(...capabilityTests.map(({ name }) => name.length))

/** Runs `antiphon check`: prints what the broker can do. Returns the exit code. */
export async function runCheck(flags: CheckFlags, host: Host): Promise<number> {
  const printer = new Printer(flags, host)
  const { prefix = 'antiphon/check', timeout = 2_000 } = flags
  const { link, info } = await connect(flags, host, printer)
  const version = info.protocolVersion === 5 ? { receiveMaximum: 3 } : { mqttVersion: 4 as const }
  const { clientId: _, ...others } = flags
  const { link: second } = await openLink({ ...others, ...version }, host.env, printer.printPacket)
  const context: CheckContext = { link, second, info, prefix: `${prefix}/${randomUUID()}`, timeout }
  try {
    for (const limit of limitsOf(info)) await print(limit, printer)
    for (const { name, run } of capabilityTests) {
      host.signal.throwIfAborted()
      await print({ name, ...(await run(context).catch(failureOf)) }, printer)
    }
    return exitCodes.answered
  } finally {
    await Promise.all([link.close(), second.close()])
  }
}

/** Connects, and returns what CONNACK says. */
async function connect(
  flags: CheckFlags,
  host: Host,
  printer: Printer,
): Promise<{ readonly link: Link; readonly info: ConnectionInfo }> {
  const { link, connected$ } = await openLink(
    { mqttVersion: 'auto', ...flags },
    host.env,
    printer.printPacket,
  )
  const info$ = link.state$.pipe(
    filter((state) => state.status === 'online' || state.status === 'closed'),
    map((state) => {
      if (state.status === 'online') return state.info
      throw state.error ?? new AntiphonError('link-closed', 'the link was closed')
    }),
    failingWith(connected$),
  )
  try {
    return { link, info: await firstValueFrom(info$) }
  } catch (error) {
    await link.close()
    throw error
  }
}

/** A test that fails reveals something as well, such as a broker that refuses the topic. */
function failureOf(error: unknown): Omit<Capability, 'name'> {
  return { detail: `the test failed: ${AntiphonError.from(error).rawMessage}` }
}

async function print({ name, isSupported, detail }: Capability, printer: Printer): Promise<void> {
  const result = isSupported === undefined ? '' : isSupported ? 'yes' : 'no'
  await printer.result(
    { type: 'capability', name, ...(isSupported !== undefined && { isSupported }), detail },
    `${name.padEnd(nameWidth)}  ${result.padEnd(3)}  ${detail}`,
  )
}
