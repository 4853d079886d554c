import { tierOf } from '../tests/tiers.js'

/**
 * Returns the test files that contain one of `paths` (all if there are none) and none of `except` in their path.
 *
 * Nightly tests are selected only by paths that name them, as in vitest.
 */
export function selectTests(
  files: readonly string[],
  paths: readonly string[],
  except: readonly string[],
): readonly string[] {
  const isNamed = (file: string): boolean => paths.some((path) => file.includes(path))
  return files
    .filter((file) => paths.length === 0 || isNamed(file))
    .filter((file) => tierOf(file) !== 'nightly' || paths.some((path) => path.includes('nightly')))
    .filter((file) => !except.some((path) => file.includes(path)))
}
