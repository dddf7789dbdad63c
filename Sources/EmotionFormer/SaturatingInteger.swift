extension FixedWidthInteger {
    /// The number rounded towards zero, limited to the range of the type; 0 for NaN. The standard conversion traps for
    /// numbers that do not fit, and these come from models and files.
    package init(saturating value: some BinaryFloatingPoint) {
        self = Self(saturating: Double(value))
    }

    private init(saturating value: Double) {
        if value.isNaN {
            self = 0
        } else if value <= Double(Self.min) {
            self = .min
        } else if value >= Double(Self.max) {
            // The largest Int, as a Double, is rounded up to a number that is not an Int.
            self = .max
        } else {
            self = Self(value)
        }
    }
}
