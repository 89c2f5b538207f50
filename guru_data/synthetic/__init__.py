"""Problems made on the spot, one file per task; see `guru_data.synthetic.source`."""
