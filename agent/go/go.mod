module quarterdeck

go 1.19
