import { findModel, type Geometry } from "../../core/models.ts";

const model = findModel("llava-v1.6-34b");
if (!model) throw new Error("The registry has no llava-v1.6-34b.");

/** A real model's. */
export const GEOMETRY: Geometry = model.geometry;

/** The same shapes of smaller tiles, so that thousands of small pictures take seconds. */
export const SMALL_GEOMETRY: Geometry = {
  ...model.geometry,
  tile: model.geometry.tile / 6,
  pinpoints: model.geometry.pinpoints.map(([width, height]) => [width / 6, height / 6]),
};
