import { h, render } from 'preact'
import { ExchangeLog } from '../src/model/exchange-log.js'
import { App } from './app.js'
import { openFeed } from './feed.js'

/** Milliseconds between two drawings while events arrive, so that a flood of events leaves time for the user. */
const PERIOD = 200

const root = document.getElementById('app')
const log = new ExchangeLog()
let revision = 0
let isPaused = false
let isScheduled = false

const draw = (): void => {
  isScheduled = false
  revision++
  // In a recording, the age of a pending exchange counts to the last event.
  const now = feed.isRecording ? log.latestAt : Date.now()
  if (root !== null) render(h(App, { log, feed, revision, now, isPaused, onPause }), root)
}
const schedule = (): void => {
  if (isScheduled || isPaused) return
  isScheduled = true
  setTimeout(draw, PERIOD)
}
function onPause(): void {
  isPaused = !isPaused
  draw()
}
const feed = openFeed(log, schedule)
// Pending exchanges grow older without an event.
setInterval(schedule, 1_000)
draw()
