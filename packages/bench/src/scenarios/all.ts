import type { AnyScenario } from '../scenario.js'
import type { Settings } from '../settings.js'
import { coldStart } from './cold-start.js'
import { decoding } from './decoding.js'
import { gathers } from './gathers.js'
import { nestCalls } from './nest-calls.js'
import { endpoints, serveOnly } from './serving.js'
import { size } from './size.js'
import { stacks } from './stacks.js'
import { streams } from './streams.js'
import { types } from './types.js'
import { unary } from './unary.js'
import { manyPending } from './many-pending.js'
import { checks, events } from './variants.js'

/** Whether a row is selected. */
export function isSelected({ only }: Pick<Settings, 'only'>, section: string, title: string): boolean {
  return only.every((word) => `${section} ${title}`.toLowerCase().includes(word))
}

/** Returns the selected scenarios in the order of the report. */
export function allScenarios(settings: Settings): AnyScenario[] {
  const quick = [...unary(settings), ...stacks(settings), streams(settings), gathers(settings)]
  const thorough = [
    serveOnly(settings),
    events(settings),
    checks(settings),
    manyPending(),
    endpoints(settings),
    coldStart(settings),
    decoding(),
    size(),
    types(),
    ...(settings.includesForeign ? [nestCalls(settings)] : []),
  ]
  return [...quick, ...(settings.isShort ? [] : thorough)]
    .map((scenario) => ({
      ...scenario,
      rows: scenario.rows.filter(({ title }) => isSelected(settings, scenario.section, title)),
    }))
    .filter(({ rows }) => rows.length > 0)
}
