/// Eight runs of a transposition at a time, of elements of one byte or four: those that lie beside each other in the source
/// are each of another run.
struct TurningTile: Sendable {
    private static let height = 8

    /// Bytes of an element.
    private let size: Int
    /// Elements of a run.
    private let count: Int
    /// Runs of the last axis before the runs' own.
    private let extent: Int
    /// Bytes from one element of a run to its next in the source.
    private let from: Int
    /// Bytes from one run to the next in the target.
    private let to: Int

    /// - Parameters:
    ///   - inner: the axis of a run.
    ///   - outer: the axis before it, along which the source's elements lie side by side.
    /// - Returns: nil if the axes are others, or so short that eight runs are not worth it.
    init?(_ inner: WalkAxis, _ outer: WalkAxis?, size: Int) {
        guard let outer, size == 1 || size == 4, inner.strides.w == size, outer.strides.x == size, inner.extent >= 16,
            outer.extent >= TurningTile.height
        else { return nil }
        self.size = size
        count = inner.extent
        extent = outer.extent
        from = inner.strides.x
        to = outer.strides.w
    }

    /// Which run of a walk comes next.
    struct Place {
        /// Of the last axis.
        fileprivate var index: Int
        fileprivate let extent: Int
        /// In the walk.
        fileprivate var left: Int
        /// Runs of the last tile that are still to come.
        fileprivate var done = 0

        /// Goes on by a run.
        /// - Returns: whether the last tile had it.
        @inline(__always)
        mutating func isDone() -> Bool {
            guard done > 0 else { return false }
            done &-= 1
            advance()
            return true
        }

        /// Goes on by a run that no tile had.
        /// - Returns: whether a tile begins with it.
        @inline(__always)
        mutating func beginsTile() -> Bool {
            let begins = extent &- index >= TurningTile.height && left >= TurningTile.height
            if begins { done = TurningTile.height &- 1 }
            advance()
            return begins
        }

        @inline(__always)
        private mutating func advance() {
            left &-= 1
            index = index &+ 1 == extent ? 0 : index &+ 1
        }
    }

    func place(_ range: Range<Int>) -> Place {
        Place(index: range.lowerBound % extent, extent: extent, left: range.count)
    }

    /// Eight runs from the places of the first one.
    @inline(__always)
    func turn(_ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer) {
        if size == 1 { turnBytes(source, target) } else { turnWords(source, target) }
    }

    @inline(__always)
    private func turnWords(_ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer) {
        var index = 0
        while index &+ 4 <= count {
            let from = source + index &* self.from
            let run = target + index &* 4
            turnFour(from, run)
            turnFour(from + 16, run + 4 &* to)
            index &+= 4
        }
        while index < count {
            let from = source + index &* self.from
            for run in 0..<TurningTile.height {
                target.storeBytes(
                    of: from.loadUnaligned(fromByteOffset: run &* 4, as: UInt32.self),
                    toByteOffset: run &* to &+ index &* 4, as: UInt32.self)
            }
            index &+= 1
        }
    }

    /// Four words of four runs.
    @inline(__always)
    private func turnFour(_ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer) {
        let a = source.loadUnaligned(as: SIMD4<UInt32>.self)
        let b = (source + from).loadUnaligned(as: SIMD4<UInt32>.self)
        let c = (source + 2 &* from).loadUnaligned(as: SIMD4<UInt32>.self)
        let d = (source + 3 &* from).loadUnaligned(as: SIMD4<UInt32>.self)
        target.storeBytes(of: SIMD4(a.x, b.x, c.x, d.x), as: SIMD4<UInt32>.self)
        (target + to).storeBytes(of: SIMD4(a.y, b.y, c.y, d.y), as: SIMD4<UInt32>.self)
        (target + 2 &* to).storeBytes(of: SIMD4(a.z, b.z, c.z, d.z), as: SIMD4<UInt32>.self)
        (target + 3 &* to).storeBytes(of: SIMD4(a.w, b.w, c.w, d.w), as: SIMD4<UInt32>.self)
    }

    @inline(__always)
    private func turnBytes(_ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer) {
        var index = 0
        while index &+ 16 <= count {
            let from = source + index &* self.from
            var (x0, x1, x2, x3) = (pair(from, 0), pair(from, 1), pair(from, 2), pair(from, 3))
            var (x4, x5, x6, x7) = (pair(from, 4), pair(from, 5), pair(from, 6), pair(from, 7))
            TurningTile.exchange(&x0, &x1, 0x00FF_00FF_00FF_00FF, 8)
            TurningTile.exchange(&x2, &x3, 0x00FF_00FF_00FF_00FF, 8)
            TurningTile.exchange(&x4, &x5, 0x00FF_00FF_00FF_00FF, 8)
            TurningTile.exchange(&x6, &x7, 0x00FF_00FF_00FF_00FF, 8)
            TurningTile.exchange(&x0, &x2, 0x0000_FFFF_0000_FFFF, 16)
            TurningTile.exchange(&x1, &x3, 0x0000_FFFF_0000_FFFF, 16)
            TurningTile.exchange(&x4, &x6, 0x0000_FFFF_0000_FFFF, 16)
            TurningTile.exchange(&x5, &x7, 0x0000_FFFF_0000_FFFF, 16)
            TurningTile.exchange(&x0, &x4, 0x0000_0000_FFFF_FFFF, 32)
            TurningTile.exchange(&x1, &x5, 0x0000_0000_FFFF_FFFF, 32)
            TurningTile.exchange(&x2, &x6, 0x0000_0000_FFFF_FFFF, 32)
            TurningTile.exchange(&x3, &x7, 0x0000_0000_FFFF_FFFF, 32)
            let run = target + index
            run.storeBytes(of: x0, as: SIMD2<UInt64>.self)
            (run + to).storeBytes(of: x1, as: SIMD2<UInt64>.self)
            (run + 2 &* to).storeBytes(of: x2, as: SIMD2<UInt64>.self)
            (run + 3 &* to).storeBytes(of: x3, as: SIMD2<UInt64>.self)
            (run + 4 &* to).storeBytes(of: x4, as: SIMD2<UInt64>.self)
            (run + 5 &* to).storeBytes(of: x5, as: SIMD2<UInt64>.self)
            (run + 6 &* to).storeBytes(of: x6, as: SIMD2<UInt64>.self)
            (run + 7 &* to).storeBytes(of: x7, as: SIMD2<UInt64>.self)
            index &+= 16
        }
        while index < count {
            let from = source + index &* self.from
            for run in 0..<TurningTile.height {
                target.storeBytes(
                    of: from.load(fromByteOffset: run, as: UInt8.self), toByteOffset: run &* to &+ index, as: UInt8.self
                )
            }
            index &+= 1
        }
    }

    /// The bytes of eight runs at a place, and eight places on.
    @inline(__always)
    private func pair(_ source: UnsafeRawPointer, _ place: Int) -> SIMD2<UInt64> {
        SIMD2(
            (source + place &* from).loadUnaligned(as: UInt64.self),
            (source + (place &+ 8) &* from).loadUnaligned(as: UInt64.self))
    }

    /// Exchanges the upper parts of x with the lower ones of y.
    @inline(__always)
    private static func exchange(_ x: inout SIMD2<UInt64>, _ y: inout SIMD2<UInt64>, _ mask: UInt64, _ shift: UInt64) {
        let shift = SIMD2(repeating: shift)
        let difference = ((x &>> shift) ^ y) & SIMD2(repeating: mask)
        y ^= difference
        x ^= difference &<< shift
    }
}
