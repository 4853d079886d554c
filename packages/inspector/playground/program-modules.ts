import * as core from '@antiphon/core'
import { nearestNameHint } from '@antiphon/core/link'
import { either } from 'fp-ts'
import * as rxjs from 'rxjs'
import type { PlaygroundBroker } from './playground-broker.js'

/** The modules that a program can import, by their names. */
export type ProgramModules = Readonly<Record<string, object>>

/**
 * Returns the modules of a program. `connect` of `@antiphon/mqtt` and the links of `@antiphon/broker` connect to the broker of the page, so
 * that a program reads as it would in Node.
 */
export function programModules({ connect, close }: PlaygroundBroker): ProgramModules {
  return {
    '@antiphon/core': core,
    '@antiphon/mqtt': { connect },
    '@antiphon/broker': {
      createBroker: () => ({ link: (options?: object) => connect('mqtt://broker', options), close }),
    },
    rxjs,
    'fp-ts': { either },
    'fp-ts/lib/Either.js': either,
  }
}

/** Returns the function by which a program imports its modules. A name that does not exist is an error. */
export function importFrom(modules: ProgramModules): (name: string) => object {
  return (name) => {
    const module = Object.hasOwn(modules, name) ? modules[name] : undefined
    if (module === undefined)
      throw new Error(`cannot import '${name}': the playground has ${Object.keys(modules).join(', ')}`)
    return new Proxy(
      {},
      {
        get: (_, key) => {
          const known = Object.keys(module)
          // `await` looks for it.
          if (key === 'then') return undefined
          if (typeof key === 'string' && !known.includes(key))
            throw new Error(`'${name}' has no export ${key}${hintFor(key, known)}`)
          return Reflect.get(module, key) as unknown
        },
      },
    )
  }
}

/** Returns the export that was meant; nothing if none resembles it, since the list of all is long. */
function hintFor(name: string, known: readonly string[]): string {
  const hint = nearestNameHint(name, known)
  return hint.startsWith('use ') && known.length > 10 ? '' : `: ${hint}`
}
