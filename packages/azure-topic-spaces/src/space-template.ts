import {
  fillTemplate,
  parseTopicTemplate,
  type SpaceTemplate,
  type TemplateVariables,
} from './topic-template.js'

const deviceId = 'principal.deviceid'

const variables: TemplateVariables = {
  nameOf: (name) => (name.toLowerCase() === deviceId ? deviceId : undefined),
  forms: '${principal.deviceid}, ${principal.deviceid|.suffix} or ${dollar}',
}

/**
 * Parses a template such as `vehicles/+/${principal.deviceid}`. Variables are case-insensitive and may be part of a level,
 * but not span two. Throws `invalid-argument` with the template and the rule.
 */
export function parseTemplate(text: string): SpaceTemplate {
  return parseTopicTemplate(text, variables)
}

/**
 * Substitutes a device id in a template. Returns `undefined`, and so no rights, if the id would change the meaning of the
 * filter: if it contains `/`, `+`, `#` or U+0000, or if the filter would begin with the `$` of the id.
 */
export function substitute(template: SpaceTemplate, deviceId: string): string | undefined {
  return fillTemplate(template, () => deviceId)
}
