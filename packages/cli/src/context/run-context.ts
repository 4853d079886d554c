import { toConnectArguments } from '../connection/connect-options.js'
import { exitCodes } from '../exit-codes.js'
import type { ConnectionFlags } from '../flags/connection-flags.js'
import type { Host } from '../host.js'
import { usageError } from '../usage-error.js'
import { Contexts } from '../connection/contexts.js'

/** Runs `antiphon context save`: stores the connection options under a name, after it has checked them. */
export async function saveContext(name: string, flags: ConnectionFlags, host: Host): Promise<number> {
  const { context: _, ...options } = flags
  if (options.url === undefined) throw usageError('a context needs a broker: set --url')
  await toConnectArguments(options, {})
  await new Contexts(host.env).save(name, options)
  return exitCodes.answered
}

/** Runs `antiphon context list`: prints the names; the current one has a star. */
export async function listContexts(host: Host): Promise<number> {
  const contexts = new Contexts(host.env)
  const current = await contexts.current()
  for (const name of await contexts.names())
    await host.stdout.write(`${name === current ? '*' : ' '} ${name}\n`)
  return exitCodes.answered
}

/** Runs `antiphon context show`. */
export async function showContext(name: string, host: Host): Promise<number> {
  const context = await new Contexts(host.env).read(name)
  await host.stdout.write(`${JSON.stringify(context, null, 2)}\n`)
  return exitCodes.answered
}

/** Runs `antiphon context use`. */
export async function useContext(name: string, host: Host): Promise<number> {
  await new Contexts(host.env).use(name)
  return exitCodes.answered
}

/** Runs `antiphon context delete`. */
export async function deleteContext(name: string, host: Host): Promise<number> {
  await new Contexts(host.env).delete(name)
  return exitCodes.answered
}
