/// A matrix inside an array: the element of row i and column j lies at start + i · rowStride + j · columnStride.
struct MatrixView {
    var elements: [Double]
    var start = 0
    var rows: Int
    var columns: Int
    var rowStride: Int
    var columnStride = 1

    /// A row-major matrix that fills the array.
    init(_ elements: [Double], rows: Int, columns: Int) {
        self.elements = elements
        self.rows = rows
        self.columns = columns
        rowStride = columns
    }

    init(_ elements: [Double], start: Int, rows: Int, columns: Int, rowStride: Int, columnStride: Int = 1) {
        self.elements = elements
        self.start = start
        self.rows = rows
        self.columns = columns
        self.rowStride = rowStride
        self.columnStride = columnStride
    }

    var transposed: MatrixView {
        MatrixView(
            elements, start: start, rows: columns, columns: rows, rowStride: columnStride, columnStride: rowStride)
    }

    /// The elements without gaps, row by row.
    private var packed: [Double] {
        var packed: [Double] = []
        packed.reserveCapacity(rows * columns)
        elements.withUnsafeBufferPointer { elements in
            for row in 0..<rows {
                for column in 0..<columns {
                    packed.append(elements[start + row * rowStride + column * columnStride])
                }
            }
        }
        return packed
    }

    /// The product, row-major.
    static func * (first: MatrixView, second: MatrixView) -> [Double] {
        let (rows, inner, columns) = (first.rows, first.columns, second.columns)
        var product = [Double](repeating: 0, count: rows * columns)
        let (a, b) = (first.packed, second.packed)
        product.withUnsafeMutableBufferPointer { product in
            a.withUnsafeBufferPointer { a in
                b.withUnsafeBufferPointer { b in
                    for row in 0..<rows {
                        for index in 0..<inner {
                            let factor = a[row * inner + index]
                            for column in 0..<columns {
                                product[row * columns + column] += factor * b[index * columns + column]
                            }
                        }
                    }
                }
            }
        }
        return product
    }
}

extension [Double] {
    /// The same with `row` added to every run of as many elements.
    func addingRow(_ row: [Double]?) -> [Double] {
        guard let row, !row.isEmpty else { return self }
        return enumerated().map { $1 + row[$0 % row.count] }
    }
}
