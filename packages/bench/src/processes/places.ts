import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const repository = fileURLToPath(new URL('../../../..', import.meta.url))

/** An absolute path in the repository. */
export const inRoot = (...path: readonly string[]): string => join(repository, ...path)

/** An absolute path in this package. */
export const inBench = (...path: readonly string[]): string => inRoot('packages', 'bench', ...path)

/** An absolute path in the folder for everything that may be deleted. */
export const inCache = (...path: readonly string[]): string => inRoot('.cache', 'bench', ...path)
