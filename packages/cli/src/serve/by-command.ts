import { ApplicationError } from '@antiphon/core'
import type { ServeFlags } from '../flags/serve-flags.js'
import { encodePayload } from '../payload/formats.js'
import { runShellCommand } from '../process/run-shell-command.js'
import type { Respond } from './responder.js'

/**
 * Returns what responds by running a command: it reads the request on standard input, and prints the response; with `--stream`,
 * each line that it prints is a response. A command that fails becomes an application error `exit-<code>`.
 */
export function byCommand(command: string, { in: format = 'auto', stream }: ServeFlags): Respond {
  return async ({ message, params, signal }) => {
    const { topic, payload: input, contentType = '', userProperties = [] } = message
    const env = {
      ANTIPHON_TOPIC: topic,
      ANTIPHON_CONTENT_TYPE: contentType,
      ...variables('ANTIPHON_PARAM_', Object.entries(params as Readonly<Record<string, string>>)),
      ...variables('ANTIPHON_PROPERTY_', userProperties),
    }
    const { output, lastError, exitCode } = await runShellCommand({ command, input, env, signal })
    if (exitCode !== 0) {
      const code = exitCode === null ? 'killed' : `exit-${exitCode}`
      throw new ApplicationError({ code, ...(lastError !== '' && { message: lastError }) })
    }
    if (stream !== true) return [await encodePayload(withoutLineEnd(output), format)]
    const lines = new TextDecoder().decode(withoutLineEnd(output)).split('\n')
    return Promise.all(lines.map((line) => encodePayload(line, format)))
  }
}

/** Returns environment variables; the characters that a name cannot have become underscores. */
function variables(
  prefix: string,
  entries: readonly (readonly [name: string, value: string])[],
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    entries
      .filter(([, value]) => !value.includes('\0'))
      .map(([name, value]) => [prefix + name.replaceAll(/\W/g, '_'), value]),
  )
}

/** Text that a program prints ends in a line feed, which is no part of the response. */
function withoutLineEnd(bytes: Uint8Array): Uint8Array {
  return bytes.at(-1) === 0x0a ? bytes.subarray(0, -1) : bytes
}
