import type { Mutant } from './mutant.js'

/** Faults in asking and answering, by what is wrong with them; a marble test must catch every one. */
export const exchangeMutants: Readonly<Record<string, Mutant>> = {
  'a question is published before the SUBACK': {
    file: 'exchange/inbox.ts',
    text: 'else if (this.#subscription === undefined) this.#subscribe()',
    becomes:
      'else {\n      if (this.#subscription === undefined) this.#subscribe()\n      shareholder.inboxOpened()\n    }',
  },
  'replies are not acknowledged': {
    file: 'exchange/inbox.ts',
    text: 'delivery.acknowledge()',
    becomes: '',
  },
  'the response subscription is never left': {
    file: 'exchange/inbox.ts',
    text: 'this.#lingering ??= this.#parts.deadlines.add(LINGER, () => this.#close())',
    becomes: '',
  },
  'a reply for nobody is not told': {
    file: 'exchange/inbox.ts',
    text: 'this.#parts.stray(message)',
    becomes: '',
  },
  'a reply is given to whoever asked first': {
    file: 'exchange/lane.ts',
    text: 'const found = this.#waiting.get(keyOf(message.topic, token))',
    becomes: 'const found = [...this.#waiting.values()][0]',
  },
  'a settled question still waits for replies': {
    file: 'exchange/exchange.ts',
    text: 'this.#lane?.remove(this)',
    becomes: '',
  },
  'a question is not known to be settled': {
    file: 'exchange/exchange.ts',
    text: 'this.#isSettled = true',
    becomes: '',
  },
  'an answered question keeps its timer': {
    file: 'exchange/exchange.ts',
    text: 'this.#caller.tally.pending--\n    this.#deadline.cancel()',
    becomes: 'this.#caller.tally.pending--',
  },
  'a question waits a millisecond too long': {
    file: 'exchange/exchange.ts',
    text: 'exchanges.deadlines.add(rules.timeout,',
    becomes: 'exchanges.deadlines.add(rules.timeout + 1,',
  },
  'a cancel is not told': {
    file: 'exchange/exchange.ts',
    text: 'if (this.#attempts > 0) this.#note(',
    becomes: 'if (this.#attempts > 1) this.#note(',
  },
  'missed replies are forgotten': {
    file: 'exchange/exchange.ts',
    text: 'this.#hasMissedReplies = true',
    becomes: '',
  },
  'a question is asked once more than allowed': {
    file: 'exchange/options.ts',
    text: 'attempts: retries + 1',
    becomes: 'attempts: retries + 2',
  },
  'the expiry is a second short': {
    file: 'exchange/posting.ts',
    text: 'Math.ceil(milliseconds / 1000)',
    becomes: 'Math.floor(milliseconds / 1000)',
  },
  'answers overtake one another where they are to be in order': {
    file: 'exchange/flatten.ts',
    text: '!ordered || ',
    becomes: 'true || ',
  },
  'credit is never granted anew': {
    file: 'exchange/many-replies.ts',
    text: "this.#control?.tell([['__grant', String(this.#taken)]])",
    becomes: '',
  },
  'credit is never used up': {
    file: 'responder/streaming.ts',
    text: 'this.#credit--\n',
    becomes: '',
  },
  'a request is acknowledged before its reply': {
    file: 'responder/served.ts',
    text: 'this.#attempt(attempts, done)\n',
    becomes: 'this.#parts.delivery.acknowledge()\n    this.#attempt(attempts, done)\n',
  },
  'a request is never acknowledged': {
    file: 'responder/served.ts',
    text: 'remember()\n    delivery.acknowledge()',
    becomes: 'remember()',
  },
  'a repetition that joined is never acknowledged': {
    file: 'responder/served.ts',
    text: 'for (const join of seen.joined.splice(0)) join()',
    becomes: '',
  },
  'a reply lives longer than its question': {
    file: 'responder/served.ts',
    text: 'this.#send(going, this.expiresAt - link.scheduler.now(),',
    becomes: 'this.#send(going, Infinity,',
  },
  'a repetition of what runs is run again': {
    file: 'responder/admission.ts',
    text: 'if (earlier !== undefined) return this.#repeat(earlier, delivery)',
    becomes: '',
  },
  'a retained request is answered': {
    file: 'responder/admission.ts',
    text: 'if (message.retain)',
    becomes: 'if (false)',
  },
  'what was answered is not remembered': {
    file: 'responder/duplicates.ts',
    text: 'seen.isRunning || seen.rememberUntil > now) return seen',
    becomes: 'seen.isRunning) return seen',
  },
  'a malformed request is told the wrong status': {
    file: 'responder/faults.ts',
    text: 'code: Status.badRequest',
    becomes: 'code: Status.internalError',
  },
  'replies go among the requests': {
    file: 'responder/reply-topic.ts',
    text: 'if (isMatch(requestFilter, replyTopic))',
    becomes: 'if (false)',
  },
  'a reply leaves its token out': {
    file: 'responder/reply.ts',
    text: ', ...answerable.properties }',
    becomes: ' }',
  },
  'a handler goes on though it was cancelled': {
    file: 'responder/handling.ts',
    text: 'served.onCancel = () => {\n    run.unsubscribe()',
    becomes: 'served.onCancel = () => {',
  },
  'a handler outlives its caller': {
    file: 'responder/handling.ts',
    text: 'Math.min(left, timeLimit)',
    becomes: 'Math.min(left + 1, timeLimit)',
  },
  'an answered request keeps its timer': {
    file: 'responder/handling.ts',
    text: 'run.add(() => deadline.cancel())',
    becomes: '',
  },
  'one handler more runs than allowed': {
    file: 'serve.ts',
    text: 'if (running.size < concurrency && ',
    becomes: 'if (running.size <= concurrency && ',
  },
  'one request more waits than allowed': {
    file: 'serve.ts',
    text: 'if (turns.length < queue)',
    becomes: 'if (turns.length <= queue)',
  },
  'draining is not begun': {
    file: 'serve.ts',
    text: 'if (options.drain$ !== undefined)',
    becomes: 'if (false)',
  },
}
