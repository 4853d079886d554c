import { readFileSync } from 'node:fs'
import { dirname, extname, resolve } from 'node:path'
import { configFaults } from './config-faults.js'
import type { Config, ListenerConfig } from './config.js'

/** A config file as it was read: its settings if it has no fault. */
export interface ConfigFile {
  readonly config: Config
  /** Each begins with the name of the file. */
  readonly faults: readonly string[]
}

/** Reads a config file. Its relative paths become absolute: they are relative to the folder of the file. */
export async function readConfigFile(file: string): Promise<ConfigFile> {
  const fail = (...faults: readonly string[]): ConfigFile => ({
    config: {},
    faults: faults.map((fault) => `${file}: ${fault}`),
  })
  const extension = extname(file)
  if (extension !== '.json' && extension !== '.toml')
    return fail('the name of a config file must end in .json or .toml')
  let contents: unknown
  try {
    const text = readFileSync(file, 'utf8')
    contents = extension === '.json' ? JSON.parse(text) : await parseToml(text)
  } catch (error) {
    return fail(firstLine(error))
  }
  const faults = configFaults(contents)
  return faults.length > 0
    ? fail(...faults)
    : { config: withAbsolutePaths(contents as Config, dirname(file)), faults: [] }
}

async function parseToml(text: string): Promise<unknown> {
  const { parse, TomlError } = await import('smol-toml')
  try {
    return parse(text)
  } catch (error) {
    if (!(error instanceof TomlError)) throw error
    throw new Error(`line ${error.line}, column ${error.column}: ${firstLine(error)}`, { cause: error })
  }
}

function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return message.split('\n', 1)[0] as string
}

function withAbsolutePaths(config: Config, folder: string): Config {
  const { listen } = config
  const paths = withPaths(config, ['passwordFile', 'aclFile', 'data'], folder)
  return listen === undefined
    ? paths
    : { ...paths, listen: listen.map((listener) => withListenerPaths(listener, folder)) }
}

function withListenerPaths(listener: ListenerConfig, folder: string): ListenerConfig {
  const { crl } = listener
  return {
    ...withPaths(listener, ['cert', 'key', 'ca', 'socketPath'], folder),
    ...(crl === undefined ? {} : { crl: crl.map((path) => resolve(folder, path)) }),
  }
}

function withPaths<T extends object>(table: T, names: readonly (keyof T)[], folder: string): T {
  const paths = names.flatMap((name) => {
    const path = table[name]
    return typeof path === 'string' ? [[name, resolve(folder, path)]] : []
  })
  return { ...table, ...(Object.fromEntries(paths) as Partial<T>) }
}
