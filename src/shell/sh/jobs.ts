// The jobs of a shell: commands in the background, their process numbers, `wait`, `kill` and `jobs`.

/** Signals by name; numbers as Linux has them. */
export const SIGNALS: Readonly<Record<string, number>> = {
  EXIT: 0,
  HUP: 1,
  INT: 2,
  QUIT: 3,
  ABRT: 6,
  KILL: 9,
  USR1: 10,
  SEGV: 11,
  USR2: 12,
  PIPE: 13,
  ALRM: 14,
  TERM: 15,
  CHLD: 17,
  CONT: 18,
  STOP: 19,
  TSTP: 20,
}
/** A signal's number from its name (with or without SIG) or digits. */
export function signalNumber(text: string): number | undefined {
  if (/^\d+$/.test(text)) return Number(text) <= 64 ? Number(text) : undefined
  const name = text.toUpperCase().replace(/^SIG/, '')
  return Object.hasOwn(SIGNALS, name) ? SIGNALS[name] : undefined
}
/** A signal's name without SIG. */
export const signalName = (n: number): string => Object.entries(SIGNALS).find(([, v]) => v === n)?.[0] ?? String(n)

export interface Job {
  readonly number: number
  readonly pid: number
  /** As it was typed. */
  readonly text: string
  /** Its exit code, once it is over. */
  code: number | undefined
  /** The signal that ended it. */
  signal: number | undefined
  /** Whether somebody was told of its end. */
  told: boolean
  readonly done: Promise<number>
  stop(signal: number): void
}

/** The jobs of one shell. */
export class Jobs {
  readonly #jobs: Job[] = []
  #pid: number
  /** `first` is the process number after the shell's own. */
  constructor(first: number) {
    this.#pid = first
  }
  /** Begins a job; `run` ends early when its signal is aborted. */
  start(text: string, run: (signal: AbortSignal) => Promise<number>): Job {
    const controller = new AbortController()
    const killed = new Promise<number>((done) => {
      controller.signal.addEventListener('abort', () => done(128 + (job.signal ?? 15)), { once: true })
    })
    const job: Job = {
      number: (this.running().at(-1)?.number ?? 0) + 1,
      pid: this.#pid++,
      text,
      code: undefined,
      signal: undefined,
      told: false,
      done: Promise.race([run(controller.signal), killed]).then((code) => {
        job.code = job.signal === undefined ? code : 128 + job.signal
        return job.code
      }),
      stop(signal) {
        if (job.code !== undefined || job.signal !== undefined) return
        job.signal = signal
        controller.abort()
      },
    }
    this.#jobs.push(job)
    return job
  }
  /** The jobs that are not over. */
  running(): readonly Job[] {
    return this.#jobs.filter((j) => j.code === undefined && j.signal === undefined)
  }
  /** Those of which nobody has been told that they are over. */
  ended(): readonly Job[] {
    return this.#jobs.filter((j) => j.code !== undefined && !j.told)
  }
  /** A job by its process number, or by `%1`, `%+`, `%%`, `%name`. */
  find(word: string): Job | undefined {
    if (!word.startsWith('%')) return this.#jobs.find((j) => String(j.pid) === word)
    const name = word.slice(1)
    if (name === '' || name === '%' || name === '+') return this.#jobs.at(-1)
    if (name === '-') return this.#jobs.at(-2) ?? this.#jobs.at(-1)
    return /^\d+$/.test(name)
      ? this.#jobs.findLast((j) => j.number === Number(name))
      : this.#jobs.findLast((j) => j.text.startsWith(name))
  }
  /** `jobs`: one line for each that runs. */
  table(): string {
    const running = this.running()
    return running
      .map((j, i) => {
        const mark = i === running.length - 1 ? '+' : i === running.length - 2 ? '-' : ' '
        return `[${j.number}]${mark}  ${'Running'.padEnd(24)}${j.text} &\n`
      })
      .join('')
  }
  /** Ends all that run. */
  stop(signal: number): void {
    for (const j of this.running()) j.stop(signal)
  }
}
