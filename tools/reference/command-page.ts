import type { Argument, Command, Option } from 'commander';
import { z } from 'zod';
import { type CommandName, jsonData, jsonEvents } from '../../src/cli/json-schemas.js';
import { buildProgram } from '../../src/cli/program.js';
import { markdownTable, page } from './markdown.js';

/** Every command with its arguments and options, from the definitions that parse them. */
export function commandPage(): string {
  const program = programOnPaper();
  return page([
    '# Command line: every command and option',
    'How to use them is told in [the guide](../guide/command-line.md). `parley help COMMAND` shows the same on the terminal.',
    '## Options of every command',
    optionTable(program.options),
    ...commandsOf(program, []).flatMap(({ names, command }) => section(names, command)),
  ]);
}

/** The definitions alone: no terminal, and no machinery to run anything with. */
function programOnPaper(): Command {
  const terminal = { stdout: {}, stderr: {}, stdin: {}, env: {} } as never;
  return buildProgram({ terminal, machinery: { version: '0' } as never, exit: 0 }, { showsUsageErrors: false });
}

type Named = { readonly names: readonly string[]; readonly command: Command };

function commandsOf(parent: Command, names: readonly string[]): readonly Named[] {
  return parent.commands.flatMap((command) => {
    const own = [...names, command.name()];
    return [{ names: own, command }, ...commandsOf(command, own)];
  });
}

function section(names: readonly string[], command: Command): readonly string[] {
  const { registeredArguments: args, options } = command;
  const does = command.commands.map((sub) => `\`parley ${[...names, sub.name()].join(' ')}\``);
  return [
    `## parley ${names.join(' ')}`,
    sentence(command.description()),
    `\`\`\`console\n$ parley ${[...names, command.usage()].join(' ')}\n\`\`\``,
    args.length === 0 ? '' : markdownTable(['argument', 'meaning'], args.map(argumentRow)),
    options.length === 0 ? '' : optionTable(options),
    jsonLine(names),
    does.length === 0 ? '' : `Also: ${does.join(', ')}.`,
  ];
}

function argumentRow(argument: Argument): readonly string[] {
  const { required, description, argChoices } = argument;
  const fallback: unknown = argument.defaultValue;
  const name = argument.name();
  return [`\`${required ? `<${name}>` : `[${name}]`}\``, meaning(description, argChoices, fallback)];
}

function optionTable(options: readonly Option[]): string {
  const shown = options.filter(({ hidden }) => !hidden);
  const rows = shown.map(({ flags, description, argChoices, defaultValue, mandatory }) => [
    `\`${flags}\``,
    `${meaning(description, argChoices, defaultValue)}${mandatory ? '; must be given' : ''}`,
  ]);
  return markdownTable(['option', 'meaning'], rows);
}

function meaning(text: string, choices: readonly string[] | undefined, fallback: unknown): string {
  const words = choices === undefined ? '' : `: ${choices.map((word) => `\`${word}\``).join(', ')}`;
  return `${text}${words}${fallback === undefined ? '' : `; \`${JSON.stringify(fallback)}\` when not given`}`;
}

/** What `--json` prints: the name of the shape and its fields. */
function jsonLine(names: readonly string[]): string {
  const name = names.join('-');
  if (!(name in jsonData)) return '';
  const schema = z.toJSONSchema(jsonData[name as CommandName], { io: 'output' });
  const fields = Object.keys(schema.properties ?? {}).map((field) => `\`${field}\``);
  const data = fields.length === 0 ? '' : ` \`data\` holds ${fields.join(', ')}.`;
  const events = name in jsonEvents ? ' Events come before it, one a line.' : '';
  return `\`--json\`: \`parley.${name}/1\`.${data}${events}`;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
