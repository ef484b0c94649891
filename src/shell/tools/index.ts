// The pod tools: one line each, loaded when a container runs one. Which of them an image has is the image's list.
import type { Tool } from '../tool.ts'

/** Where a tool is. */
export interface ToolLine {
  readonly name: string
  readonly load: () => Promise<Tool>
}

export const TOOLS: readonly ToolLine[] = [
  { name: 'nslookup', load: () => import('./nslookup.ts').then((m) => m.nslookup) },
  { name: 'dig', load: () => import('./dig.ts').then((m) => m.dig) },
  { name: 'host', load: () => import('./host.ts').then((m) => m.host) },
  { name: 'getent', load: () => import('./getent.ts').then((m) => m.getent) },
  { name: 'curl', load: () => import('./curl.ts').then((m) => m.curl) },
  { name: 'wget', load: () => import('./wget.ts').then((m) => m.wget) },
  { name: 'nc', load: () => import('./nc.ts').then((m) => m.nc) },
  { name: 'netcat', load: () => import('./nc.ts').then((m) => m.nc) },
  { name: 'ping', load: () => import('./ping.ts').then((m) => m.ping) },
  { name: 'sh', load: () => import('./sh.ts').then((m) => m.sh) },
  { name: 'ash', load: () => import('./sh.ts').then((m) => m.sh) },
  { name: 'dash', load: () => import('./sh.ts').then((m) => m.sh) },
  { name: 'bash', load: () => import('./sh.ts').then((m) => m.bash) },
  { name: 'cat', load: () => import('./cat.ts').then((m) => m.cat) },
  { name: 'env', load: () => import('./env.ts').then((m) => m.env) },
  { name: 'printenv', load: () => import('./env.ts').then((m) => m.printenv) },
  { name: 'hostname', load: () => import('./hostname.ts').then((m) => m.hostname) },
  { name: 'ip', load: () => import('./ip.ts').then((m) => m.ip) },
  { name: 'ifconfig', load: () => import('./ip.ts').then((m) => m.ifconfig) },
  { name: 'ls', load: () => import('./ls.ts').then((m) => m.ls) },
  { name: 'sleep', load: () => import('./sleep.ts').then((m) => m.sleep) },
  { name: 'ps', load: () => import('./ps.ts').then((m) => m.ps) },
  { name: 'pgrep', load: () => import('./ps.ts').then((m) => m.pgrep) },
  { name: 'pidof', load: () => import('./ps.ts').then((m) => m.pidof) },
  { name: 'busybox', load: () => import('./busybox.ts').then((m) => m.busybox) },
  { name: 'id', load: () => import('./id.ts').then((m) => m.id) },
  { name: 'whoami', load: () => import('./id.ts').then((m) => m.whoami) },
  { name: 'groups', load: () => import('./id.ts').then((m) => m.groups) },
  { name: 'date', load: () => import('./date.ts').then((m) => m.date) },
  { name: 'echo', load: () => import('./echo.ts').then((m) => m.echo) },
  { name: 'true', load: () => import('./echo.ts').then((m) => m.truth) },
  { name: 'false', load: () => import('./echo.ts').then((m) => m.no) },
  { name: 'pwd', load: () => import('./echo.ts').then((m) => m.pwd) },
  { name: 'uname', load: () => import('./uname.ts').then((m) => m.uname) },
  { name: 'arch', load: () => import('./uname.ts').then((m) => m.arch) },
  { name: 'nproc', load: () => import('./uname.ts').then((m) => m.nproc) },
  { name: 'yes', load: () => import('./echo.ts').then((m) => m.yes) },
  { name: 'head', load: () => import('./head.ts').then((m) => m.head) },
  { name: 'xargs', load: () => import('./xargs.ts').then((m) => m.xargs) },
  { name: 'tail', load: () => import('./tail.ts').then((m) => m.tail) },
  { name: 'wc', load: () => import('./wc.ts').then((m) => m.wc) },
  { name: 'sort', load: () => import('./sort.ts').then((m) => m.sort) },
  { name: 'uniq', load: () => import('./uniq.ts').then((m) => m.uniq) },
  { name: 'cut', load: () => import('./cut.ts').then((m) => m.cut) },
  { name: 'seq', load: () => import('./seq.ts').then((m) => m.seq) },
  { name: 'grep', load: () => import('./grep.ts').then((m) => m.grep) },
  { name: 'egrep', load: () => import('./grep.ts').then((m) => m.egrep) },
  { name: 'fgrep', load: () => import('./grep.ts').then((m) => m.fgrep) },
  { name: 'tr', load: () => import('./tr.ts').then((m) => m.tr) },
  { name: 'cp', load: () => import('./cp.ts').then((m) => m.cp) },
  { name: 'mv', load: () => import('./cp.ts').then((m) => m.mv) },
  { name: 'touch', load: () => import('./touch.ts').then((m) => m.touch) },
  { name: 'truncate', load: () => import('./touch.ts').then((m) => m.truncate) },
  { name: 'find', load: () => import('./find.ts').then((m) => m.find) },
  { name: 'stat', load: () => import('./stat.ts').then((m) => m.stat) },
  { name: 'awk', load: () => import('./awk.ts').then((m) => m.awk) },
  { name: 'sed', load: () => import('./sed.ts').then((m) => m.sed) },
  { name: 'tar', load: () => import('./tar.ts').then((m) => m.tar) },
  { name: 'timeout', load: () => import('./timeout.ts').then((m) => m.timeout) },
  { name: 'time', load: () => import('./timeout.ts').then((m) => m.time) },
  { name: 'nohup', load: () => import('./timeout.ts').then((m) => m.nohup) },
  { name: 'tty', load: () => import('./system.ts').then((m) => m.tty) },
  { name: 'stty', load: () => import('./system.ts').then((m) => m.stty) },
  { name: 'df', load: () => import('./system.ts').then((m) => m.df) },
  { name: 'free', load: () => import('./system.ts').then((m) => m.free) },
  { name: 'uptime', load: () => import('./system.ts').then((m) => m.uptime) },
  { name: 'mount', load: () => import('./system.ts').then((m) => m.mount) },
  { name: 'netstat', load: () => import('./netstat.ts').then((m) => m.netstat) },
  { name: 'route', load: () => import('./netstat.ts').then((m) => m.route) },
  { name: 'ss', load: () => import('./ss.ts').then((m) => m.ss) },
  { name: 'top', load: () => import('./system.ts').then((m) => m.top) },
  { name: 'kill', load: () => import('./system.ts').then((m) => m.kill) },
  { name: 'telnet', load: () => import('./system.ts').then((m) => m.telnet) },
  { name: 'nginx', load: () => import('./system.ts').then((m) => m.nginxCommand) },
  { name: 'perl', load: () => import('./perl.ts').then((m) => m.perl) },
  { name: 'test', load: () => import('./test.ts').then((m) => m.test) },
  { name: '[', load: () => import('./test.ts').then((m) => m.bracket) },
]

/** The tool of a name: our own, or one of just-bash's. */
export async function findTool(name: string): Promise<Tool | undefined> {
  const line = TOOLS.find((t) => t.name === name)
  if (line) return line.load()
  const { BUILTINS, builtin } = await import('./builtin.ts')
  return BUILTINS.includes(name) ? builtin(name) : undefined
}
