import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { inRoot } from '../../check/workspace.js'

const script = inRoot('packages', 'workshop', 'bin', 'release.mjs')
const { repositoryOf } = (await import(script)) as {
  readonly repositoryOf: (
    folderName: string,
    environment: Readonly<Record<string, string | undefined>>,
  ) => unknown
}

describe('pnpm release', () => {
  it('sets the repository of the GitHub Actions run', () => {
    const environment = { GITHUB_SERVER_URL: 'https://github.com', GITHUB_REPOSITORY: 'some-owner/some-name' }
    expect(repositoryOf('core', environment)).toEqual({
      type: 'git',
      url: 'git+https://github.com/some-owner/some-name.git',
      directory: 'packages/core',
    })
  })

  it('fails without publishing outside of GitHub Actions', () => {
    const env = { ...process.env, GITHUB_SERVER_URL: '', GITHUB_REPOSITORY: '' }
    const { status, stdout, stderr } = spawnSync(process.execPath, [script], { encoding: 'utf8', env })
    expect({ status, stdout, stderr }).toEqual({
      status: 1,
      stdout: '',
      stderr: expect.stringContaining(
        'cannot publish: GITHUB_SERVER_URL or GITHUB_REPOSITORY is not set',
      ) as string,
    })
  })
})
