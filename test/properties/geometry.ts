import { findModel, type Geometry } from "../../core/models.ts";

const model = findModel("llava-v1.6-34b");
if (!model) throw new Error("The registry has no llava-v1.6-34b.");

/** The geometry that the recorded hashes are of. */
export const GEOMETRY: Geometry = model.geometry;
