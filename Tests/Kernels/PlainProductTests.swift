import Testing

@testable import EmotionFormerKernels

/// What stands in for BLAS.
@Suite struct PlainProductTests {
    /// Where no BLAS is installed: every form of operand, scaled and added to what stands there.
    @Test(arguments: [(false, false), (false, true), (true, false), (true, true)])
    func productsWithoutBLASEqualFloat64(transposesA: Bool, transposesB: Bool) {
        for (m, k, n) in MatmulTests.shapes {
            let a = Buffer(random: (m + 2) * (k + 2), seed: 5)
            let b = Buffer(random: (k + 3) * (n + 3), seed: 6)
            let c = Buffer(count: m * (n + 1))
            for index in 0..<c.count { c.address[index] = 2 }
            let (aRow, aColumn) = transposesA ? (1, m + 2) : (k + 2, 1)
            let (bRow, bColumn) = transposesB ? (1, k + 3) : (n + 3, 1)
            var left = BLASOperand(a.address, rows: m, columns: k, rowStride: aRow, columnStride: aColumn)
            var right = BLASOperand(b.address, rows: k, columns: n, rowStride: bRow, columnStride: bColumn)
            // A single row or column tells no stride; here it has one.
            (left.isTransposed, left.leadingDimension) = (transposesA, transposesA ? m + 2 : k + 2)
            (right.isTransposed, right.leadingDimension) = (transposesB, transposesB ? k + 3 : n + 3)
            multiplyPlainly(left, right, c.address, n + 1, m, k, n, scale: 0.5, previous: 3)
            let expected = Oracle.product(a.address, aRow, aColumn, b.address, bRow, bColumn, m: m, k: k, n: n)
                .map { $0 * 0.5 + 6 }
            #expect(largestDifference(MatmulTests.rows(c, m, n, n + 1), expected) < 1e-4, "\(m)×\(k)×\(n)")
            #expect((0..<m).allSatisfy { c.address[$0 * (n + 1) + n] == 2 } && c.isMarginUntouched)
        }
    }
}
