/** An example in the help of a command, and what it does. */
export interface Example {
  readonly about: string
  readonly line: string
}

/** The examples in the help of each command. A test runs them: those of `serve` respond to those of `request`. */
export const examples: Readonly<Record<string, readonly Example[]>> = {
  request: [
    { about: 'Send a request and print the response', line: 'antiphon request home/temperature Vienna' },
    {
      about: 'Send JSON to a topic with a parameter, and wait 10 seconds',
      line: `antiphon request 'cars/{vin}/unlock' '{"door":"front"}' --param vin=car7 --timeout 10s`,
    },
    {
      about: 'Send a request for each line, and print the responses in order',
      line: `printf 'Vienna\\nGraz\\n' | antiphon request home/temperature --lines`,
    },
    {
      about: 'Print a stream of responses as JSON, one a line',
      line: 'antiphon request home/history today --stream --json',
    },
  ],
  serve: [
    { about: 'Respond with a text', line: 'antiphon serve home/temperature --respond 22.5' },
    {
      about: 'Respond with what the request contains',
      line: `antiphon serve 'cars/{vin}/unlock' --template '{{param vin}}: {{value.door}} is unlocked'`,
    },
    {
      about: 'Respond with a stream',
      line: 'antiphon serve home/history --stream --respond 20.1 --respond 22.5',
    },
    {
      about: 'Respond by running a program, one of a group of responders',
      line: `antiphon serve sum --exec 'wc -c' --group workers`,
    },
    {
      about: 'Announce the responder, so that clients discover it',
      line: 'antiphon serve home/humidity --respond 40 --service weather',
    },
  ],
  gather: [
    {
      about: 'Print the responses of all responders, until none has responded for 300 ms',
      line: 'antiphon gather home/temperature --stall-timeout 300ms',
    },
    { about: 'End with the first response', line: 'antiphon gather home/temperature --count 1' },
  ],
  tap: [
    { about: 'Show all requests below home, with their responses', line: `antiphon tap 'home/#'` },
    {
      about: 'Show those whose responses go to other topics, as JSON',
      line: `antiphon tap 'home/#' --responses 'answers/#' --json`,
    },
  ],
  inspect: [
    {
      about: 'Show the exchanges of a broker on a page',
      line: `antiphon inspect --filter 'home/#' --filter 'response/#'`,
    },
    { about: 'Show a recording of exchanges', line: 'antiphon inspect exchanges.ndjson' },
  ],
  replay: [
    {
      about: 'Record exchanges, and compare what the responders respond later',
      line: `antiphon tap 'home/#' --record home.jsonl --count 100`,
    },
    { about: '', line: 'antiphon replay home.jsonl --assert --ignore time' },
  ],
  check: [{ about: 'Report what the broker can do', line: 'antiphon check' }],
  bench: [
    {
      about: 'Measure a broker with a responder in the same process',
      line: 'antiphon bench bench/echo --echo --duration 2s',
    },
    {
      about: 'Start 500 requests a second, and write their latencies to a file',
      line: 'antiphon bench home/temperature --rate 500 --count 1000 --histogram latencies.hgrm',
    },
  ],
  ls: [
    { about: 'List the services, and follow them', line: 'antiphon ls' },
    { about: '', line: 'antiphon ls --watch' },
  ],
  info: [{ about: 'Describe the endpoints of a service', line: 'antiphon info weather' }],
  stats: [{ about: 'Print the counts of a service as JSON', line: 'antiphon stats weather --json' }],
  ping: [{ about: 'Print the services that respond', line: 'antiphon ping' }],
  mock: [
    {
      about: 'Respond to all requests of a document, to one of them after two seconds',
      line: 'antiphon mock contract.yaml --fault unlock=2s',
    },
  ],
  contract: [
    {
      about: 'Print the changes between two documents',
      line: 'antiphon contract diff before.yaml after.yaml',
    },
  ],
  broker: [{ about: 'Run a broker on port 1883', line: 'antiphon broker' }],
  context: [
    {
      about: 'Store a connection, and use it where no other is named',
      line: 'antiphon context save home --url mqtt://localhost --username me --password-file ~/.home-password',
    },
    { about: '', line: 'antiphon context use home' },
  ],
  completion: [
    { about: 'Complete words in this bash', line: 'source <(antiphon completion bash)' },
    { about: 'Complete words in this zsh', line: 'source <(antiphon completion zsh)' },
    { about: 'Complete words in this fish', line: 'antiphon completion fish | source' },
  ],
  schema: [{ about: 'Write the schema to a file', line: 'antiphon schema > records.schema.json' }],
}

/** Returns the examples of a command as the end of its help. */
export function exampleText(command: string): string {
  const lines = (examples[command] ?? []).map(
    ({ about, line }) => `${about === '' ? '' : `  ${about}:\n`}    ${line}`,
  )
  return lines.length === 0 ? '' : `\nExamples:\n${lines.join('\n')}`
}
