import { invalidArgument } from '../argument.js'
import type { AntiphonError } from '../errors.js'
import { fillLevel, matchLevel, parseLevel, restName, type LevelPattern } from './level-pattern.js'
import { quoted, validateString } from './mqtt-string.js'
import type { TemplateParams } from './template-params.js'
import { hasWildcard, isSharedFilter, validateTopicFilter } from './topic-filter.js'
import { validateTopicName } from './topic-name.js'

/**
 * A topic with named parameters, typed by its text.
 *
 * `filter` matches every topic that `format` returns, and `match` returns its values. Values for which this would not
 * hold are rejected.
 */
export interface TopicTemplate<T extends string = string> {
  /** The text of the template. */
  readonly template: T
  /** The names of its parameters, in order. */
  readonly parameters: readonly string[]
  /** Returns the topic with these values; ignores unknown names. Throws `invalid-argument` on an invalid value. */
  format(params: TemplateParams<T>): string
  /**
   * Returns the filter of all topics with these values: a level with a missing parameter becomes `+`, or `#` for
   * `{path...}`. Throws `invalid-argument` on an invalid value.
   */
  filter(params?: Partial<TemplateParams<T>>): string
  /** Returns the values in a valid topic, none of them empty; `undefined` if the topic does not match. */
  match(topic: string): TemplateParams<T> | undefined
}

/**
 * Creates a template from text such as `vehicles/{car}/dev-{id}`; throws `invalid-argument` if it is invalid.
 *
 * A parameter stands for a level or a part of one, and is never empty. Parameters of the same level are separated by
 * text. `{{` and `}}` stand for braces. A last level `{path...}` stands for one or more levels. A template has no wildcards and no `$share/<group>/`.
 *
 * @example
 * ```ts
 * const unlock = topicTemplate('vehicles/unlock/req/{car}/{mobile}')
 * unlock.format({ car: 'car1', mobile: 'mobile7' }) // 'vehicles/unlock/req/car1/mobile7'
 * unlock.filter({ car: 'car1' }) // 'vehicles/unlock/req/car1/+'
 * unlock.match('vehicles/unlock/req/car1/mobile7') // { car: 'car1', mobile: 'mobile7' }
 * ```
 */
export function topicTemplate<T extends string>(template: T): TopicTemplate<T> {
  const { levels, rest, text } = parseTemplate(template)
  const parameters = namesOf(levels, rest)
  if (parameters.length === 0) return new NameTemplate(template, text)
  const join = (filled: readonly string[], end: () => string): string =>
    (rest === undefined ? filled : [...filled, end()]).join('/')
  return {
    template,
    parameters,
    format: (params) => {
      const topic = join(
        levels.map((level) => fill(template, level, params)),
        () => restValue(template, rest, params),
      )
      const reason = validateFilled(template, topic) ?? validateTopicName(topic)
      if (reason !== undefined) throw fillError(template, `topic ${quoted(topic)} is invalid: ${reason}`)
      return topic
    },
    filter: (params = {}) => {
      const filter = join(
        levels.map((level) => fillOrWildcard(template, level, params)),
        () => ((params as Values)[rest ?? ''] === undefined ? '#' : restValue(template, rest, params)),
      )
      const reason = validateFilled(template, filter) ?? validateTopicFilter(filter)
      if (reason !== undefined) throw fillError(template, `filter ${quoted(filter)} is invalid: ${reason}`)
      return filter
    },
    match: (topic) => {
      const values = matchLevels({ levels, rest }, topic)
      if (values === undefined || validateFilled(template, topic) !== undefined) return undefined
      return Object.fromEntries(parameters.map((name, index) => [name, values[index]])) as TemplateParams<T>
    },
  }
}

const NO_NAMES: readonly string[] = []

/** A template without parameters. Nearly all of a process with many endpoints are such, so it keeps neither levels nor closures. */
class NameTemplate<T extends string> implements TopicTemplate<T> {
  readonly template: T
  readonly parameters: readonly string[] = NO_NAMES
  readonly #name: string

  constructor(template: T, text: string) {
    this.template = template
    this.#name = text === template ? template : text
  }

  format(): string {
    return this.#name
  }

  filter(): string {
    return this.#name
  }

  match(topic: string): TemplateParams<T> | undefined {
    return topic === this.#name ? ({} as TemplateParams<T>) : undefined
  }
}

/** The parts of a template. */
interface Parsed {
  /** The topic of a template without parameters. */
  readonly text: string
  readonly levels: readonly LevelPattern[]
  /** The name of a last level such as `{path...}`; otherwise `undefined`. */
  readonly rest: string | undefined
}

function namesOf(levels: readonly LevelPattern[], rest: string | undefined): readonly string[] {
  const names = levels.flatMap((level) => level.names)
  return rest === undefined ? names : [...names, rest]
}

function parseTemplate(template: string): Parsed {
  const texts = template.split('/')
  const rest = restName(texts.at(-1) ?? '')
  const levels = (rest === undefined ? texts : texts.slice(0, -1)).map((text) => {
    const level = parseLevel(text)
    if (typeof level === 'string') throw templateError(template, level)
    return level
  })
  const names = namesOf(levels, rest)
  const repeated = names.find((name, index) => names.indexOf(name) !== index)
  if (repeated !== undefined) throw templateError(template, `two parameters are named {${repeated}}`)
  if (isSharedFilter(template))
    throw templateError(template, 'a topic has no group of a shared filter [MQTT-4.8.2-1]')
  if (template.startsWith('$') && levels[0]?.names.length !== 0) {
    throw templateError(template, noWildcard)
  }
  const filled = levels.map((level) =>
    fillLevel(
      level,
      level.names.map(() => 'x'),
    ),
  )
  const shortest = (rest === undefined ? filled : [...filled, 'x']).join('/')
  const reason = validateTopicName(shortest)
  if (reason !== undefined) throw templateError(template, reason)
  return { text: shortest, levels, rest }
}

function fill(template: string, level: LevelPattern, params: object): string {
  const values = level.names.map((name) => valueOf(template, name, params))
  const text = fillLevel(level, values)
  if (
    values.length > 1 &&
    matchLevel(level, text)?.some((value, index) => value !== values[index]) !== false
  ) {
    const names = level.names.map((name) => `{${name}}`).join(' and ')
    throw fillError(template, `${names} would be ambiguous in ${quoted(text)}`)
  }
  return text
}

function fillOrWildcard(template: string, level: LevelPattern, params: object): string {
  const present = level.names.filter((name) => (params as Values)[name] !== undefined)
  for (const name of present) valueOf(template, name, params)
  return present.length < level.names.length ? '+' : fill(template, level, params)
}

type Values = Readonly<Record<string, unknown>>

const noWildcard = 'wildcards do not match a first level that begins with $ [MQTT-4.7.2-1]'

function valueOf(
  template: string,
  name: string,
  params: object,
  validate: (value: string) => string | undefined = validateValue,
): string {
  const value = (params as Values)[name]
  if (typeof value !== 'string')
    throw fillError(template, `{${name}} is of type ${typeof value}: it must be a string`)
  const reason = validate(value)
  if (reason !== undefined) throw fillError(template, `{${name}} cannot be ${quoted(value)}: ${reason}`)
  return value
}

function restValue(template: string, rest: string | undefined, params: object): string {
  return valueOf(template, rest ?? '', params, validateRest)
}

function validateRest(value: string): string | undefined {
  if (value.split('/').includes('')) return 'a level of it is empty'
  return hasWildcard(value) ? 'it holds + or #' : validateString(value)
}

function validateValue(value: string): string | undefined {
  if (value === '') return 'it is empty'
  if (value.includes('/') || hasWildcard(value)) return 'it holds /, + or #'
  return validateString(value)
}

/** Rejects a value that makes the topic begin with `$`: the filter of the template would not match that topic. */
function validateFilled(template: string, topic: string): string | undefined {
  const addsDollar = topic.startsWith('$') && !template.startsWith('$')
  return addsDollar ? noWildcard : undefined
}

function matchLevels(
  { levels, rest }: Pick<Parsed, 'levels' | 'rest'>,
  topic: string,
): readonly string[] | undefined {
  const all: string[] = []
  let start = 0
  for (const level of levels) {
    if (start > topic.length) return undefined
    const slash = topic.indexOf('/', start)
    const end = slash < 0 ? topic.length : slash
    const values = matchLevel(level, topic.slice(start, end))
    if (values === undefined) return undefined
    all.push(...values)
    start = end + 1
  }
  if (rest === undefined) return start > topic.length ? all : undefined
  const value = topic.slice(start)
  return value.split('/').includes('') ? undefined : [...all, value]
}

function templateError(template: string, reason: string): AntiphonError<'invalid-argument'> {
  return invalidArgument(`topic template ${quoted(template)} is invalid: ${reason}`)
}

function fillError(template: string, reason: string): AntiphonError<'invalid-argument'> {
  return invalidArgument(`cannot fill topic template ${quoted(template)}: ${reason}`)
}
