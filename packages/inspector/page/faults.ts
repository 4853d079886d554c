import type { ExchangeEvent } from '@antiphon/core/events'
import { h, type ComponentChild } from 'preact'
import { formatTime } from './format.js'

/** Shows the latest responses that no exchange waited for, and the incidents. */
export function Faults({ events }: { readonly events: readonly ExchangeEvent[] }): ComponentChild {
  return h(
    'section',
    { class: 'detail scroll', 'aria-label': 'Unmatched responses and incidents', tabIndex: 0 },
    events.length === 0
      ? h('p', { class: 'muted' }, 'No unmatched response and no incident.')
      : h(
          'table',
          null,
          h(
            'thead',
            null,
            h(
              'tr',
              null,
              ['Time', 'Client', 'What', 'Topic', 'Correlation or error'].map((name) =>
                h('th', { scope: 'col', key: name }, name),
              ),
            ),
          ),
          h(
            'tbody',
            null,
            events
              .slice(-200)
              .reverse()
              .map((event, index) =>
                h(
                  'tr',
                  { key: index },
                  cellsOf(event).map((text, column) => h('td', { key: column }, text)),
                ),
              ),
          ),
        ),
  )
}

function cellsOf(event: ExchangeEvent): readonly string[] {
  const topic = 'message' in event ? (event.message?.topic ?? '') : ''
  if (event.kind === 'unmatched')
    return [
      formatTime(event.at),
      event.client,
      'unmatched response: late, repeated or foreign',
      topic,
      event.correlation ?? '',
    ]
  if (event.kind === 'incident')
    return [
      formatTime(event.at),
      event.client,
      `incident: ${event.incident}`,
      topic,
      event.error?.message ?? '',
    ]
  return []
}
