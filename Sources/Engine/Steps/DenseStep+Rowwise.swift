import EmotionFormerCore
import EmotionFormerGraph
import EmotionFormerKernels

extension StepBuilder {
    /// Only the product if a table of positions follows, which is added when rows are in their places.
    func rowwise(
        _ dense: DenseStep, _ product: DenseProduct, _ finish: DenseFinish, rows: Int
    ) -> RowwiseWork? {
        guard dense.windows == nil else { return nil }
        // The closures that are bound later capture indices, not weights.
        let (source, result, ending) = (dense.input, dense.output, dense.ending)
        let added = ending.added
        guard let table = product.epilogue.rowTable else {
            // The residual is added as in the whole step, or after the separate pass of the activation.
            return RowwiseWork(rows: rows, reads: [dense.input] + ending.reads) { layout in
                let input = layout.operand(source)
                let output = layout.destination(result)
                let added = added.operands(layout)
                return { execution, range in
                    let outputStart = output.floats(execution)
                    let residual = added.residual?.floats(execution)
                    product.run(
                        execution, input.floats(execution), outputStart, added.addend?.floats(execution),
                        finish.isNeeded ? nil : residual, range)
                    if finish.isNeeded { finish.run(outputStart, residual, range) }
                }
            }
        }
        guard !ending.hasActivation else { return nil }
        var alone = product
        alone.epilogue.rowTable = nil
        let unplaced = alone
        var work = RowwiseWork(rows: rows, reads: [dense.input]) { layout in
            let input = layout.operand(source)
            let output = layout.destination(result)
            return { execution, range in
                unplaced.run(execution, input.floats(execution), output.floats(execution), nil, nil, range)
            }
        }
        let (add, columns) = (finish.add, finish.columns)
        let positions = ConstantAddress(table)
        work.placing = RowwiseWork.Placing(reads: ending.reads) { layout in
            let output = layout.destination(result)
            let residual = added.residual.map { layout.operand($0) }
            return { execution, range in
                let first = range.lowerBound &* columns
                let count = range.count &* columns
                let values = output.floats(execution) + first
                add(.add, values, positions.floats + first, values, count)
                if let residual { add(.add, values, residual.floats(execution) + first, values, count) }
            }
        }
        return work
    }
}
