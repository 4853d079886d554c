import { snippetsIn } from '../snippets/extract.js'

/** Two commands of the README, the second of which prints `output`. */
export interface Terminals {
  readonly serve: readonly string[]
  readonly request: readonly string[]
  readonly output: string
}

/** A file of the README. A requester has an output, and a responder runs until it is killed. */
export interface ProjectFile {
  readonly name: string
  readonly code: string
  readonly role: 'requester' | 'responder' | 'module'
  readonly output: string
}

/** What the README tells a newcomer to do. */
export interface ReadmeSteps {
  readonly terminals: readonly Terminals[]
  /** The packages of its `npm install`. */
  readonly packages: readonly string[]
  readonly files: readonly ProjectFile[]
}

/** Reads the steps from the README. Throws if one of them is missing. */
export function stepsIn(readme: string): ReadmeSteps {
  const terminals = [
    ...readme.matchAll(/^npx @antiphon\/cli (serve .+)\nnpx @antiphon\/cli (request .+?) +# prints (.+)$/gm),
  ].map(([, serve = '', request = '', output = '']) => ({
    serve: wordsOf(serve),
    request: wordsOf(request),
    output,
  }))
  const packages = /^npm install (.+)$/m.exec(readme)?.[1]?.split(' ') ?? []
  const files = snippetsIn(readme).flatMap(({ file, code, output = '' }): readonly ProjectFile[] =>
    file === undefined ? [] : [{ name: file, code, output, role: roleOf(code, output) }],
  )
  const missing = [
    ...(terminals.length === 0 ? ['commands for two terminals'] : []),
    ...(packages.length === 0 ? ['npm install'] : []),
    ...(files.some(({ role }) => role === 'responder') ? [] : ['file with a responder']),
    ...(files.some(({ role }) => role === 'requester') ? [] : ['file with a requester and its output']),
  ]
  if (missing.length > 0) throw new Error(`README.md has no ${missing.join(', no ')}`)
  return { terminals, packages, files }
}

function roleOf(code: string, output: string): ProjectFile['role'] {
  if (output !== '') return 'requester'
  return code.includes('connect(') ? 'responder' : 'module'
}

/** Splits a command at spaces outside of single quotes. */
function wordsOf(command: string): readonly string[] {
  return [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, word = '']) => quoted ?? word)
}
