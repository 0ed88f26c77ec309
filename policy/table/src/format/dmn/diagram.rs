//! The diagram of the decision and its inputs (DMNDI), so that a modeler opens the file as a
//! picture.

const BOX_WIDTH: usize = 180;
const BOX_HEIGHT: usize = 50;
const ROW: usize = 70;
const RIGHT: usize = 700;

/// Inputs in two columns, the decision between them, an arrow from each.
pub(super) fn diagram(n_inputs: usize) -> String {
    let n_rows = n_inputs.div_ceil(2).max(1);
    let decision_y = 40 + (n_rows - 1) * ROW / 2;
    let mut lines = vec![shape(super::DECISION, 370, decision_y, 0)];
    for k in 1..=n_inputs {
        let left = k <= n_rows;
        let row = if left { k - 1 } else { k - 1 - n_rows };
        let (x, y) = (if left { 40 } else { RIGHT }, 40 + row * ROW);
        let (from, to) = if left {
            (x + BOX_WIDTH, 370)
        } else {
            (x, 370 + BOX_WIDTH)
        };
        let (from_y, to_y) = (y + BOX_HEIGHT / 2, decision_y + BOX_HEIGHT / 2);
        lines.push(shape(&format!("input_{k}"), x, y, k));
        lines.push(format!(
            "      <dmndi:DMNEdge id=\"edge_{k}\" dmnElementRef=\"requirement_{k}\">\
             <di:waypoint x=\"{from}\" y=\"{from_y}\"/><di:waypoint x=\"{to}\" y=\"{to_y}\"/>\
             </dmndi:DMNEdge>\n"
        ));
    }
    format!(
        "  <dmndi:DMNDI>\n    <dmndi:DMNDiagram id=\"diagram\">\n{}    </dmndi:DMNDiagram>\n  \
         </dmndi:DMNDI>\n",
        lines.concat()
    )
}

fn shape(element: &str, x: usize, y: usize, k: usize) -> String {
    format!(
        "      <dmndi:DMNShape id=\"shape_{k}\" dmnElementRef=\"{element}\">\
         <dc:Bounds x=\"{x}\" y=\"{y}\" width=\"{BOX_WIDTH}\" height=\"{BOX_HEIGHT}\"/>\
         </dmndi:DMNShape>\n"
    )
}
