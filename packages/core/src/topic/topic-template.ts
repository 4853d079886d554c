import { invalidArgument } from '../argument.js'
import type { AntiphonError } from '../errors.js'
import { fillLevel, matchLevel, parseLevel, restName, type LevelPattern } from './level-pattern.js'
import { quoted, validateString } from './mqtt-string.js'
import type { TemplateParams } from './template-params.js'
import { hasWildcard, isSharedFilter, validateTopicFilter } from './topic-filter.js'
import { validateTopicName } from './topic-name.js'

/**
 * A topic with named gaps, typed by its own text.
 *
 * What `format` makes, `filter` selects and `match` reads back; values with which that would not hold are refused.
 */
export interface TopicTemplate<T extends string = string> {
  /** The text it was made from. */
  readonly template: T
  /** The names of its parameters, in order. */
  readonly parameters: readonly string[]
  /** The topic with these values; others than its own are left aside. Throws `invalid-argument` on an unfit one. */
  format(params: TemplateParams<T>): string
  /**
   * The filter for all topics with these values: a level with a parameter that is not given is `+`, and `#` where it
   * stands for several. Throws likewise.
   */
  filter(params?: Partial<TemplateParams<T>>): string
  /** The values in a valid topic, none of them empty; `undefined` when the topic is not of this template. */
  match(topic: string): TemplateParams<T> | undefined
}

/**
 * Makes a template from text such as `vehicles/{car}/dev-{id}`; throws `invalid-argument` on one that cannot work.
 *
 * A parameter stands for a level or a part of one, and is never empty. Two parameters of a level have text between
 * them. A last level `{path...}` stands for one or more levels. Wildcards have no place in a template, nor has the group of a shared filter.
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
  const { levels, rest } = parseTemplate(template)
  const parameters = namesOf(levels, rest)
  const join = (filled: readonly string[], end: () => string): string =>
    (rest === undefined ? filled : [...filled, end()]).join('/')
  return {
    template,
    parameters,
    format: (params) => {
      if (parameters.length === 0) return template
      const topic = join(
        levels.map((level) => fill(template, level, params)),
        () => restValue(template, rest, params),
      )
      const reason = validateFilled(template, topic) ?? validateTopicName(topic)
      if (reason !== undefined) throw refusal(template, `topic ${quoted(topic)} is refused: ${reason}`)
      return topic
    },
    filter: (params = {}) => {
      const filter = join(
        levels.map((level) => fillOrWildcard(template, level, params)),
        () => ((params as Values)[rest ?? ''] === undefined ? '#' : restValue(template, rest, params)),
      )
      const reason = validateFilled(template, filter) ?? validateTopicFilter(filter)
      if (reason !== undefined) throw refusal(template, `filter ${quoted(filter)} is refused: ${reason}`)
      return filter
    },
    match: (topic) => {
      if (parameters.length === 0) return topic === template ? ({} as TemplateParams<T>) : undefined
      const values = matchLevels({ levels, rest }, topic)
      if (values === undefined || validateFilled(template, topic) !== undefined) return undefined
      return Object.fromEntries(parameters.map((name, index) => [name, values[index]])) as TemplateParams<T>
    },
  }
}

/** A template taken apart. */
interface Parsed {
  readonly levels: readonly LevelPattern[]
  /** What the levels behind these are called, of which there are one or more; none where it is left out. */
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
    if (typeof level === 'string') throw refusal(template, level)
    return level
  })
  const names = namesOf(levels, rest)
  const repeated = names.find((name, index) => names.indexOf(name) !== index)
  if (repeated !== undefined) throw refusal(template, `two of its parameters are named {${repeated}}`)
  if (isSharedFilter(template))
    throw refusal(template, 'a group belongs to a filter, not to a topic [MQTT-4.8.2-1]')
  if (template.startsWith('$') && levels[0]?.names.length !== 0) {
    throw refusal(template, 'no wildcard stands for a first level that begins with $ [MQTT-4.7.2-1]')
  }
  const filled = levels.map((level) =>
    fillLevel(
      level,
      level.names.map(() => 'x'),
    ),
  )
  const shortest = (rest === undefined ? filled : [...filled, 'x']).join('/')
  const reason = validateTopicName(shortest)
  if (reason !== undefined) throw refusal(template, reason)
  return { levels, rest }
}

function fill(template: string, level: LevelPattern, params: object): string {
  const values = level.names.map((name) => valueOf(template, name, params))
  const text = fillLevel(level, values)
  if (
    values.length > 1 &&
    matchLevel(level, text)?.some((value, index) => value !== values[index]) !== false
  ) {
    const names = level.names.map((name) => `{${name}}`).join(' and ')
    throw refusal(template, `${names} could not be told apart in ${quoted(text)}`)
  }
  return text
}

function fillOrWildcard(template: string, level: LevelPattern, params: object): string {
  const given = level.names.filter((name) => (params as Values)[name] !== undefined)
  for (const name of given) valueOf(template, name, params)
  return given.length < level.names.length ? '+' : fill(template, level, params)
}

type Values = Readonly<Record<string, unknown>>

function valueOf(
  template: string,
  name: string,
  params: object,
  validate: (value: string) => string | undefined = validateValue,
): string {
  const value = (params as Values)[name]
  if (typeof value !== 'string') throw refusal(template, `{${name}} needs a string and got ${typeof value}`)
  const reason = validate(value)
  if (reason !== undefined) throw refusal(template, `{${name}} cannot be ${quoted(value)}: ${reason}`)
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

/** A parameter that stands first must not bring a `$`: the template's own filter would not select that topic. */
function validateFilled(template: string, topic: string): string | undefined {
  const isBrought = topic.startsWith('$') && !template.startsWith('$')
  return isBrought ? 'no wildcard stands for a first level that begins with $ [MQTT-4.7.2-1]' : undefined
}

function matchLevels({ levels, rest }: Parsed, topic: string): readonly string[] | undefined {
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

function refusal(template: string, reason: string): AntiphonError<'invalid-argument'> {
  return invalidArgument(`Topic template ${quoted(template)}: ${reason}`)
}
