import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const repository = fileURLToPath(new URL('../../../..', import.meta.url))

/** Returns an absolute path in the repository. */
export const rootPath = (...path: readonly string[]): string => join(repository, ...path)

/** Returns an absolute path in this package. */
export const benchPath = (...path: readonly string[]): string => rootPath('packages', 'bench', ...path)

/** Returns an absolute path in the cache, which may be deleted at any time. */
export const cachePath = (...path: readonly string[]): string => rootPath('.cache', 'bench', ...path)
