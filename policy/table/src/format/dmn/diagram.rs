//! The diagram of the decision and its inputs (DMNDI), so that a modeler opens the file as a
//! picture.

use crate::format::feel::DECISION;

const INPUT_WIDTH: usize = 180;
const INPUT_HEIGHT: usize = 50;
/// From one row of inputs to the next.
const ROW: usize = 70;
const LEFT_X: usize = 40;
const RIGHT_X: usize = 740;
const DECISION_X: usize = 330;
const DECISION_Y: usize = 40;
const DECISION_WIDTH: usize = 300;
const DECISION_HEIGHT: usize = 70;
/// The inputs start well below the decision: modelers show the model's name at the top left.
const INPUTS_Y: usize = 220;

/// The decision on top, its inputs below in two columns, an arrow from each; the arrows do not
/// cross.
pub(super) fn diagram(n_inputs: usize) -> String {
    let n_rows = n_inputs.div_ceil(2);
    let decision = (DECISION_X, DECISION_Y, DECISION_WIDTH, DECISION_HEIGHT);
    let mut lines = vec![shape(0, DECISION, decision)];
    for k in 1..=n_inputs {
        let on_left = k <= n_rows;
        let row = (k - 1) % n_rows;
        let (x, y) = (if on_left { LEFT_X } else { RIGHT_X }, INPUTS_Y + row * ROW);
        let start = if on_left { x + INPUT_WIDTH } else { x };
        let step = (row + 1) * DECISION_WIDTH / (2 * n_rows + 1);
        let end = DECISION_X + if on_left { step } else { DECISION_WIDTH - step };
        lines.push(shape(
            k,
            &format!("input_{k}"),
            (x, y, INPUT_WIDTH, INPUT_HEIGHT),
        ));
        lines.push(format!(
            "      <dmndi:DMNEdge id=\"edge_{k}\" dmnElementRef=\"requirement_{k}\">\
             <di:waypoint x=\"{start}\" y=\"{}\"/><di:waypoint x=\"{end}\" y=\"{}\"/>\
             </dmndi:DMNEdge>\n",
            y + INPUT_HEIGHT / 2,
            DECISION_Y + DECISION_HEIGHT,
        ));
    }
    format!(
        "  <dmndi:DMNDI>\n    <dmndi:DMNDiagram id=\"diagram\">\n{}    </dmndi:DMNDiagram>\n  \
         </dmndi:DMNDI>\n",
        lines.concat()
    )
}

fn shape(k: usize, element: &str, bounds: (usize, usize, usize, usize)) -> String {
    let (x, y, width, height) = bounds;
    format!(
        "      <dmndi:DMNShape id=\"shape_{k}\" dmnElementRef=\"{element}\">\
         <dc:Bounds x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"/>\
         </dmndi:DMNShape>\n"
    )
}
