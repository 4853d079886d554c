import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fromRoot, inRoot } from '../workspace.js'

/** Returns the test files of all packages and examples, relative to the repository. */
export function testFiles(): readonly string[] {
  return ['packages', 'examples']
    .flatMap((parent) => readdirSync(inRoot(parent)).map((name) => inRoot(parent, name, 'test')))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((file) => fromRoot(join(folder, file))),
    )
    .filter((file) => file.endsWith('.test.ts'))
    .sort()
}
