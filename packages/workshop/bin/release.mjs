// `pnpm release`: publishes each version that the registry does not have, with provenance, and tags it. release.yml runs it.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { pnpm, root } from './pnpm.mjs'

/**
 * Returns the `repository` field of a package that is built by GitHub Actions.
 *
 * npm accepts provenance only from a package that names the repository it was built in. The sources do not name it, so
 * that a fork releases from its own.
 *
 * @param {string} folderName
 * @param {Readonly<Record<string, string | undefined>>} environment
 * @returns {{ type: string, url: string, directory: string }}
 */
export function repositoryOf(folderName, environment) {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository } = environment
  if (!server || !repository) {
    throw new Error(
      'cannot publish: GITHUB_SERVER_URL or GITHUB_REPOSITORY is not set. Merge the release pull request; release.yml publishes',
    )
  }
  return { type: 'git', url: `git+${server}/${repository}.git`, directory: `packages/${folderName}` }
}

function release() {
  const manifests = readdirSync(join(root, 'packages'))
    .map((folderName) => ({ folderName, file: join(root, 'packages', folderName, 'package.json') }))
    .filter(({ file }) => existsSync(file))
    .map(({ folderName, file }) => {
      const text = readFileSync(file, 'utf8')
      const repository = repositoryOf(folderName, process.env)
      return { file, text, stamped: `${JSON.stringify({ ...JSON.parse(text), repository }, null, 2)}\n` }
    })
  const code = pnpm(['run', 'build'])
  if (code !== 0) return code

  for (const { file, stamped } of manifests) writeFileSync(file, stamped)
  const published = pnpm(['publish', '--recursive', '--provenance', '--access', 'public', '--no-git-checks'])
  for (const { file, text } of manifests) writeFileSync(file, text)
  if (published !== 0) return published

  // The action reads the published packages from this output.
  return pnpm(['exec', 'changeset', 'tag'])
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    process.exitCode = release()
  } catch (error) {
    console.error(error.message)
    process.exitCode = 1
  }
}
