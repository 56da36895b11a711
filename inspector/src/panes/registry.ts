// Which component shows which pane.
import type { Component } from "svelte";
import type { PaneId } from "../state/layout.svelte.ts";
import AstText from "./AstText.svelte";
import Bytecode from "./Bytecode.svelte";
import CodeObject from "./CodeObject.svelte";
import FlowGraph from "./FlowGraph.svelte";
import Instructions from "./Instructions.svelte";
import Problems from "./Problems.svelte";
import Pyc from "./Pyc.svelte";
import Source from "./Source.svelte";
import Symbols from "./Symbols.svelte";
import Tokens from "./Tokens.svelte";
import Tree from "./Tree.svelte";
import Frames from "../exec/Frames.svelte";
import Heap from "../exec/Heap.svelte";
import Listing from "../exec/Listing.svelte";
import Output from "../exec/Output.svelte";
import Profile from "../exec/Profile.svelte";
import Variables from "../exec/Variables.svelte";

export const COMPONENTS: Record<PaneId, Component> = {
  source: Source,
  tokens: Tokens,
  tree: Tree,
  ast: AstText,
  symbols: Symbols,
  instructions: Instructions,
  cfg: FlowGraph,
  bytecode: Bytecode,
  code: CodeObject,
  pyc: Pyc,
  problems: Problems,
  listing: Listing,
  frames: Frames,
  variables: Variables,
  heap: Heap,
  output: Output,
  profile: Profile,
};
