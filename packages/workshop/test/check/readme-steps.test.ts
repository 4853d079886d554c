import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { stepsIn } from '../../check/install/readme-steps.js'
import { inRoot } from '../../check/workspace.js'

const terminals =
  "npx @antiphon/cli serve a --template '{{payload}}: 1'\nnpx @antiphon/cli request a b   # prints b: 1\n"
const install = 'npm install one @two/three\n'
const responder = "```ts responder.mjs\nconnect('')\n```\n"
const requester = "```ts requester.mjs\nconnect('')\n```\n```text requester.mjs\nb: 1\n```\n"

describe('the steps of a README', () => {
  it('are its commands, its packages and its files', () => {
    expect(stepsIn(`${terminals}${install}\`\`\`ts topic.mjs\n1\n\`\`\`\n${responder}${requester}`)).toEqual({
      terminals: [
        {
          serve: ['serve', 'a', '--template', '{{payload}}: 1'],
          request: ['request', 'a', 'b'],
          output: 'b: 1',
        },
      ],
      packages: ['one', '@two/three'],
      files: [
        { name: 'topic.mjs', code: '1', output: '', role: 'module' },
        { name: 'responder.mjs', code: "connect('')", output: '', role: 'responder' },
        { name: 'requester.mjs', code: "connect('')", output: 'b: 1', role: 'requester' },
      ],
    })
  })

  it.each([
    ['commands', install + responder + requester, 'no commands for two terminals'],
    ['an install line', terminals + responder + requester, 'no npm install'],
    ['a responder', terminals + install + requester, 'no file with a responder'],
    ['a requester', terminals + install + responder, 'no file with a requester and its output'],
  ])('are refused without %s', (_, readme, message) => {
    expect(() => stepsIn(readme)).toThrow(`README.md has ${message}`)
  })

  it('are all in the README of this repository', () => {
    expect(stepsIn(readFileSync(inRoot('README.md'), 'utf8')).files).toHaveLength(3)
  })
})
