/// Where in a picture the pixels of a network's square input lie: a 3 × 3 map of homogeneous coordinates, from output to
/// source pixels. Coordinate 0 is the center of a picture's first pixel, and nothing is shifted by half a pixel.
///
/// In OpenCV's order of operations (`getPerspectiveTransform` and the inverse): the corners are rounded to float32, so the
/// map is not affine to the last bit, and the last bits decide between neighboring positions.
package struct CropMap: Sendable, Hashable {
    // Row by row.
    package let m00, m01, m02: Double
    package let m10, m11, m12: Double
    package let m20, m21, m22: Double

    /// - Parameters:
    ///   - corners: of the rectangle in the picture.
    ///   - side: of the network's input, in pixels.
    package init(_ corners: CropCorners, side: Int) {
        let toOutput = CropMap.perspective(corners, side: Double(side))
        (m00, m01, m02, m10, m11, m12, m20, m21, m22) = CropMap.inverse(toOutput)
    }

    /// Nine numbers of a matrix, row by row.
    private typealias Matrix = (Double, Double, Double, Double, Double, Double, Double, Double, Double)

    /// The map from the picture's pixels to the output's, whose last number is 1: eight linear equations.
    private static func perspective(_ corners: CropCorners, side: Double) -> Matrix {
        withUnsafeTemporaryAllocation(of: Double.self, capacity: 8 * 9) { rows in
            func set(_ corner: Int, _ point: SIMD2<Float>, _ u: Double, _ v: Double) {
                let (x, y) = (Double(point.x), Double(point.y))
                let equations: (SIMD8<Double>, SIMD8<Double>) = (
                    SIMD8(x, y, 1, 0, 0, 0, -x * u, -y * u), SIMD8(0, 0, 0, x, y, 1, -x * v, -y * v)
                )
                for column in 0..<8 {
                    rows[corner * 9 + column] = equations.0[column]
                    rows[(corner + 4) * 9 + column] = equations.1[column]
                }
                rows[corner * 9 + 8] = u
                rows[(corner + 4) * 9 + 8] = v
            }
            set(0, corners.bottomLeft, 0, side)
            set(1, corners.topLeft, 0, 0)
            set(2, corners.topRight, side, 0)
            set(3, corners.bottomRight, side, side)
            eliminate(rows)
            return (rows[8], rows[17], rows[26], rows[35], rows[44], rows[53], rows[62], rows[71], 1)
        }
    }

    /// Solves eight equations, 8 × 9 numbers with the right sides in the last column, which the results replace: Gaussian
    /// elimination with the largest number of each column, the first of equal ones, as the pivot.
    private static func eliminate(_ rows: UnsafeMutableBufferPointer<Double>) {
        for column in 0..<8 {
            var pivot = column
            for row in column + 1..<8 where abs(rows[row * 9 + column]) > abs(rows[pivot * 9 + column]) { pivot = row }
            if pivot != column {
                for place in column..<9 { rows.swapAt(pivot * 9 + place, column * 9 + place) }
            }
            let factor = -1 / rows[column * 9 + column]
            for row in column + 1..<8 {
                let share = rows[row * 9 + column] * factor
                for place in column + 1..<9 { rows[row * 9 + place] += share * rows[column * 9 + place] }
            }
        }
        for row in (0..<8).reversed() {
            var rest = rows[row * 9 + 8]
            for column in row + 1..<8 { rest -= rows[row * 9 + column] * rows[column * 9 + 8] }
            rows[row * 9 + 8] = rest / rows[row * 9 + row]
        }
    }

    /// By cofactors.
    private static func inverse(_ matrix: Matrix) -> Matrix {
        let (a, b, c, d, e, f, g, h, i) = matrix
        let factor = 1 / (a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g))
        return (
            (e * i - f * h) * factor, (c * h - b * i) * factor, (b * f - c * e) * factor,
            (f * g - d * i) * factor, (a * i - c * g) * factor, (c * d - a * f) * factor,
            (d * h - e * g) * factor, (b * g - a * h) * factor, (a * e - b * d) * factor
        )
    }
}
