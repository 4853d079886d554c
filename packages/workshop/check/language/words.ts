/** A word that the project does not use, and what to write instead. */
export interface RuledOutWord {
  readonly word: string
  readonly pattern: RegExp
  readonly instead: string
}

/** Matches whole words of prose, and the parts of a camel-case or upper-case identifier. */
function word(text: string, forms: string, instead: string): RuledOutWord {
  return { word: text, pattern: new RegExp(`(?<![a-z])(?:${forms})(?![a-z])`, 'giu'), instead }
}

function phrase(text: string, pattern: RegExp, instead: string): RuledOutWord {
  return { word: text, pattern, instead }
}

/** The words that docs/architecture.md's glossary replaces. Identifiers are split into words before they are compared. */
export const ruledOutWords: readonly RuledOutWord[] = [
  word('question', 'questions?', 'request'),
  word('reply', 'reply|replies|replied|replying', 'response, to respond'),
  word('ask', 'asks?|asked|asking|askers?|unasked', 'to request, to send a request, requester'),
  word('caller', 'callers?', 'requester; for a function: the code that calls it'),
  phrase(
    'answer (noun)',
    /(?<![a-z])(?:an?|the|its|each|every|no|first|last|another|late|one|second|whose|their|of) answers?(?![a-z])/giu,
    'response',
  ),
  word('stray', 'strays?', 'unmatched response'),
  word('inbox', 'inbox(?:es)?', 'response subscription'),
  word('shareholder', 'shareholders?', 'subscriber'),
  word('posting', 'postings?', 'request message'),
  word('unclaimed', 'unclaimed', 'unrouted'),
  word('patience', 'patience', 'timeout'),
  phrase('time limit', /(?<![a-z])time limits?(?![a-z])/giu, '…Timeout'),
  phrase('keep for', /(?<![a-z])keep for(?![a-z])/gu, 'ttl'),
  phrase('close within', /(?<![a-z])close within(?![a-z])/gu, 'closeTimeout'),
  phrase('renew after', /(?<![a-z])renew after(?![a-z])/gu, 'maxConnectionAge'),
  phrase('listen for', /(?<![a-z])listen for(?![a-z])/gu, '…Timeout or …Period'),
  word('horizon', 'horizon', 'maxTime'),
  word('uplink', 'uplinks?', 'inbound'),
  word('downlink', 'downlinks?', 'outbound'),
  word('conversation', 'conversations?', 'connection, session'),
  word('farewell', 'farewells?', 'DISCONNECT, to disconnect'),
  word('nobody', 'nobody|no one', 'the actor: no subscriber, no requester …'),
  word('somebody', 'somebody|someone', 'the actor: a client, a subscriber …'),
  word('anybody', 'anybody|anyone', 'the actor: any client, any peer …'),
  word('everybody', 'everybody', 'the actors: all subscribers, all clients …'),
  word('whoever', 'whoever|whomever', 'the actor: the code that …, a client that …'),
  word('anew', 'anew', 'again'),
  phrase('let go of', /(?<![a-z])lets? (?:[a-z]+ )?go(?: of)?(?![a-z])/giu, 'to release, to remove'),
  phrase('is none', /(?<![a-z])is none(?![a-z])/giu, 'is absent, there is no …'),
  phrase('is told', /(?<![a-z])(?:is|are|be) told(?![a-z])/giu, 'is notified, receives, is called'),
  phrase('headless who', /(?:^|[.;:,] )who [a-z]+s? (?![^.]*\?)/giu, 'the actor: a client that …'),
  word('manners', 'manners', 'style'),
  word('trespass', 'trespass(?:es)?', 'violation'),
  word('conduct', 'conducts?', 'to run'),
]
