/** `tessera completion`: what a shell offers at each word, from the commands' own tree. */
import { Argument, type Command } from "@commander-js/extra-typings";
import { examples, newCommand } from "./command.ts";

const SHELLS = ["bash", "zsh", "fish"] as const;

export function completion() {
  return newCommand("completion", "print a script that completes tessera's commands in your shell")
    .addArgument(new Argument("<shell>", "your shell").choices(SHELLS))
    .addHelpText(
      "after",
      examples(
        "source <(tessera completion bash)          # in ~/.bashrc",
        "source <(tessera completion zsh)           # in ~/.zshrc, after compinit",
        "tessera completion fish | source           # in ~/.config/fish/config.fish",
      ),
    )
    .action((shell, _options, command) => {
      const root = command.parent;
      if (root) console.log(WRITERS[shell](placesOf(root)));
    });
}

/** An argument or a value of one of these names is a file. */
const FILES = new Set(["file", "folder", "file|url"]);

interface Offer {
  readonly word: string;
  readonly summary: string;
}

/** What may follow the words that name a command. */
interface Place {
  /** "" for `tessera` itself, "keys create" for a command of a command. */
  readonly path: string;
  readonly commands: readonly Offer[];
  readonly options: readonly (Offer & { readonly value: Value | null })[];
  readonly arguments: Value;
}

/** What an option or an argument is: one of these words, a file, or neither. */
interface Value {
  readonly words: readonly string[];
  readonly files: boolean;
}

type Tree = Pick<Command, "commands" | "options" | "registeredArguments">;

function placesOf(command: Tree, path = ""): Place[] {
  const place: Place = {
    path,
    commands: command.commands.map((each) => ({ word: each.name(), summary: each.description() })),
    options: [
      ...command.options.map((option) => ({
        word: option.long ?? "",
        summary: option.description,
        value: option.required
          ? { words: option.argChoices ?? [], files: FILES.has(/<(.+)>/.exec(option.flags)?.[1] ?? "") }
          : null,
      })),
      { word: "--help", summary: "show this help", value: null },
    ],
    arguments: {
      words: command.registeredArguments.flatMap((argument) => argument.argChoices ?? []),
      files: command.registeredArguments.some((argument) => FILES.has(argument.name())),
    },
  };
  const below = command.commands.flatMap((each) => placesOf(each, `${path} ${each.name()}`.trim()));
  return [place, ...below];
}

const WRITERS = { bash: toBash, zsh: toZsh, fish: toFish } as const;

/** Words that a shell reads as they are. */
const quoted = (text: string) => `'${text.replaceAll("'", String.raw`'\''`)}'`;

/** One case for each option that takes a value; `answer` is what the shell runs for it. */
function valueCases(places: readonly Place[], answer: (value: Value) => string): string {
  return places
    .flatMap(({ path, options }) =>
      options.flatMap(({ word, value }) =>
        value ? [`    ${quoted(`${path} ${word}`)}) ${answer(value)} ;;`] : [],
      ),
    )
    .join("\n");
}

/** The words before the cursor that name a command; both shells count them in their own way. */
function pathCases(places: readonly Place[]): string {
  return places
    .filter(({ path }) => path !== "")
    .map(({ path }) => `      ${quoted(` ${path}`)}) path=${quoted(path)} ;;`)
    .join("\n");
}

function toBash(places: readonly Place[]): string {
  const words = ({ commands, options, arguments: { words } }: Place) =>
    [...commands.map(({ word }) => word), ...words, ...options.map(({ word }) => word)].join(" ");
  const answer = ({ words, files }: Value) =>
    `${files ? "files=1" : "files="}; offered=${quoted(words.join(" "))}; return`;
  const cases = places.map((place) => {
    const files = place.arguments.files ? "files=1" : "files=";
    return `    ${quoted(place.path)}) offered=${quoted(words(place))}; ${files} ;;`;
  });
  return `# bash completion of tessera
_tessera_offer() {
  case "$path $before" in
${valueCases(places, answer)}
  esac
  case "$path" in
${cases.join("\n")}
  esac
}
_tessera() {
  local path='' offered='' files='' word
  # Not COMP_WORDS: readline parts words at colons, which scopes have.
  local line=\${COMP_LINE:0:COMP_POINT}
  local -a words
  read -ra words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=('')
  local count=\${#words[@]}
  local current=\${words[count - 1]} before=\${words[count - 2]}
  for word in "\${words[@]:1:count-2}"; do
    case "\${path:+ $path} $word" in
${pathCases(places)}
    esac
  done
  _tessera_offer
  COMPREPLY=($(compgen -W "$offered" -- "$current"))
  if [[ $current == *:* && $COMP_WORDBREAKS == *:* ]]; then
    COMPREPLY=("\${COMPREPLY[@]#"\${current%"\${current##*:}"}"}")
  fi
  if [[ -n $files ]]; then
    compopt -o filenames 2>/dev/null
    COMPREPLY+=($(compgen -f -- "$current"))
  fi
}
complete -F _tessera tessera`;
}

function toZsh(places: readonly Place[]): string {
  const described = (offers: readonly Offer[]) =>
    offers.map(({ word, summary }) => quoted(`${word.replaceAll(":", "\\:")}:${summary}`)).join(" ");
  const answer = ({ words, files }: Value) =>
    [
      ...(words.length > 0 ? [`compadd -- ${words.map(quoted).join(" ")}`] : []),
      files ? "_files" : ":",
      "return",
    ].join("; ");
  const cases = places.map((place) => {
    const offers = [
      ...place.commands,
      ...place.arguments.words.map((word) => ({ word, summary: "" })),
      ...place.options,
    ];
    const files = place.arguments.files ? "; _files" : "";
    return `    ${quoted(place.path)}) offers=(${described(offers)}); _describe tessera offers${files} ;;`;
  });
  return `#compdef tessera
_tessera() {
  local path='' word
  local -a offers
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "\${path:+ $path} $word" in
${pathCases(places)}
    esac
  done
  case "$path \${words[CURRENT-1]}" in
${valueCases(places, answer)}
  esac
  case "$path" in
${cases.join("\n")}
  esac
}
compdef _tessera tessera`;
}

function toFish(places: readonly Place[]): string {
  const lines = places.flatMap(({ path, commands, options, arguments: { words, files } }) => {
    const add = (rest: string) => `complete -c tessera -n ${quoted(`_tessera_at ${quoted(path)}`)} ${rest}`;
    return [
      ...commands.map(({ word, summary }) => add(`-a ${quoted(word)} -d ${quoted(summary)}`)),
      ...words.map((word) => add(`-a ${quoted(word)}`)),
      ...(files ? [add("-F")] : []),
      ...options.map(({ word, summary, value }) => {
        const offered = value?.words.length ? ` -a ${quoted(value.words.join(" "))}` : "";
        const taken = value ? ` -r ${value.files ? "-F" : "-f"}${offered}` : "";
        return add(`-l ${word.slice(2)}${taken} -d ${quoted(summary)}`);
      }),
    ];
  });
  return `# fish completion of tessera
function _tessera_at
  set -l path
  for word in (commandline -opc)[2..]
    switch "$path $word"
${places
  .filter(({ path }) => path !== "")
  .map(({ path }) => {
    const at = path.includes(" ") ? path : ` ${path}`;
    return `      case ${quoted(at)}\n        set path ${quoted(path)}`;
  })
  .join("\n")}
    end
  end
  test "$path" = "$argv[1]"
end
complete -c tessera -f
${lines.join("\n")}`;
}
