import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { nearestNameHint } from '@antiphon/core/link'
import type { ConnectionFlags } from '../flags/connection-flags.js'
import type { Host } from '../host.js'
import { usageError } from '../usage-error.js'

/** The connection options that are stored under a name. */
export type StoredContext = Omit<ConnectionFlags, 'context'>

const namePattern = /^[\w.-]{1,64}$/
const ending = '.json'

/** The contexts of a user: files of connection options in the folder of the user's settings. They contain no secrets. */
export class Contexts {
  readonly #folder: string

  constructor(env: Host['env']) {
    const settings = env['XDG_CONFIG_HOME'] ?? join(env['HOME'] ?? homedir(), '.config')
    this.#folder = join(settings, 'antiphon')
  }

  /** Returns the names of all contexts. */
  async names(): Promise<readonly string[]> {
    const files = await readdir(join(this.#folder, 'contexts')).catch(emptyIfMissing)
    return files
      .filter((file) => file.endsWith(ending))
      .map((file) => file.slice(0, -ending.length))
      .sort()
  }

  /** Returns the name of the context that is used without `--context`. */
  async current(): Promise<string | undefined> {
    const name = await readFile(join(this.#folder, 'current'), 'utf8').catch(undefinedIfMissing)
    return name?.trim()
  }

  /** Returns a context; throws `invalid-argument` if it does not exist. */
  async read(name: string): Promise<StoredContext> {
    const text = await readFile(this.#fileOf(name), 'utf8').catch(undefinedIfMissing)
    if (text === undefined) throw await this.#unknown(name)
    try {
      return JSON.parse(text) as StoredContext
    } catch {
      throw usageError(`the context ${name} is malformed: save it again, or delete ${this.#fileOf(name)}`)
    }
  }

  /** Stores a context, readable for its user alone. */
  async save(name: string, context: StoredContext): Promise<void> {
    await this.#write(join('contexts', `${requireName(name)}${ending}`), JSON.stringify(context, null, 2))
  }

  /** Makes a context the one that is used without `--context`. */
  async use(name: string): Promise<void> {
    await this.read(name)
    await this.#write('current', name)
  }

  /** Deletes a context. */
  async delete(name: string): Promise<void> {
    await this.read(name)
    await rm(this.#fileOf(name))
    if ((await this.current()) === name) await rm(join(this.#folder, 'current'))
  }

  #fileOf(name: string): string {
    return join(this.#folder, 'contexts', `${requireName(name)}${ending}`)
  }

  async #write(file: string, text: string): Promise<void> {
    await mkdir(join(this.#folder, 'contexts'), { recursive: true, mode: 0o700 })
    await chmod(this.#folder, 0o700)
    const path = join(this.#folder, file)
    // Renamed, so that another process never reads a part of it.
    const draft = `${path}.${process.pid}`
    await writeFile(draft, `${text}\n`, { mode: 0o600 })
    await rename(draft, path)
  }

  async #unknown(name: string): Promise<Error> {
    const names = await this.names()
    const hint =
      names.length === 0 ? `save it with antiphon context save ${name}` : nearestNameHint(name, names)
    return usageError(`there is no context ${name}: ${hint}`)
  }
}

/** Returns the connection options of a command: those of its context, and those of the command line over them. */
export async function withContext(flags: ConnectionFlags, env: Host['env']): Promise<ConnectionFlags> {
  const contexts = new Contexts(env)
  const isConfigured = flags.url !== undefined || env['ANTIPHON_URL'] !== undefined
  const name =
    flags.context ?? env['ANTIPHON_CONTEXT'] ?? (isConfigured ? undefined : await contexts.current())
  return name === undefined || name === '' ? flags : { ...(await contexts.read(name)), ...flags }
}

function requireName(name: string): string {
  if (namePattern.test(name) && !name.startsWith('.')) return name
  throw usageError(`the name of a context has letters, digits, -, _ and . only, not "${name}"`)
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT'
}

function emptyIfMissing(error: unknown): readonly string[] {
  if (isMissing(error)) return []
  throw error
}

function undefinedIfMissing(error: unknown): undefined {
  if (isMissing(error)) return undefined
  throw error
}
